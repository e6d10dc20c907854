"""The schema: models, migrations and the constant that names the newest agree."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, text

from packsys.embedded import EmbeddedServers
from packsys.errors import NotReady
from packsys.store.database import Database, open_database
from packsys.store.schema import HEAD, MIGRATIONS, check_schema, is_current, migrate
from packsys.store.tables import metadata
from tests.databases import made
from tests.ports.threads import at_once


@pytest.fixture
def empty_url(servers: EmbeddedServers, numbers: Iterator[int]) -> Iterator[str]:
    """Gives a database without any table."""
    with made(servers, f"empty_{next(numbers)}") as url:
        yield url


def tables(url: str) -> set[str]:
    """Lists the tables of a database."""
    with open_database(url).connect() as connection:
        listed = connection.execute(text("select tablename from pg_tables where schemaname = 'public'"))
        return set(listed.scalars())


def test_the_constant_names_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_migrations_are_numbered_in_their_order() -> None:
    """A newer schema is recognised by its number."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    newest_first = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert newest_first == [f"{number:04}" for number in range(len(newest_first), 0, -1)]


def test_the_migrations_make_the_tables_that_the_code_knows(database: Database) -> None:
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_constraints_are_the_ones_that_the_code_knows(database: Database) -> None:
    """Alembic does not compare checks and primary keys."""
    asked = text("select conname from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'")
    with database.connect() as connection:
        kept = set(connection.execute(asked).scalars()) - {"alembic_version_pkc"}
    assert kept == {constraint.name for table in metadata.sorted_tables for constraint in table.constraints}


def test_an_empty_database_is_migrated_once(empty_url: str) -> None:
    database = open_database(empty_url)
    assert not is_current(database)
    with pytest.raises(NotReady, match="packsys migrate"):
        check_schema(database)
    migrate(empty_url)
    migrate(empty_url)
    check_schema(database)
    assert tables(empty_url) == {*metadata.tables, "alembic_version"}
    database.close()


@pytest.mark.slow
def test_several_processes_may_migrate_at_once(empty_url: str) -> None:
    program = "import sys; from packsys.store.schema import migrate; sys.stdin.read(1); migrate(sys.argv[1])"
    command = [sys.executable, "-c", program, empty_url]
    migrators = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(3)]
    for migrator in migrators:
        assert migrator.stdin
        migrator.stdin.close()
    assert [migrator.wait(60) for migrator in migrators] == [0, 0, 0]
    assert tables(empty_url) == {*metadata.tables, "alembic_version"}


def test_several_threads_may_migrate_at_once(empty_url: str) -> None:
    at_once(lambda _: migrate(empty_url), threads=4)
    assert is_current(open_database(empty_url))


def test_a_newer_schema_will_do(database: Database, database_url: str) -> None:
    """A new release migrates while the old one still runs: the old one must not refuse to work."""
    with database.connect() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    assert is_current(database)
    migrate(database_url)


def test_looking_at_the_schema_is_one_query(database: Database) -> None:
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    is_current(database)
    assert asked == ["select version_num from alembic_version"]


@pytest.mark.slow
def test_alembic_is_not_imported_where_the_schema_is_current(database_url: str) -> None:
    """Every start looks at the schema, and alembic takes a third of a second."""
    program = (
        "import sys; from packsys.store.schema import migrate; migrate(sys.argv[1]); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program, database_url], check=False).returncode == 0


def test_a_server_that_is_away_cannot_be_migrated() -> None:
    with pytest.raises(NotReady):
        migrate("postgresql+psycopg://nobody@/nothing?host=/nonexistent")


def test_a_key_of_a_former_release_keeps_what_it_could_do(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(
            text("insert into api_key (id, workspace, name, digest, created_at) values ('k', 'w', 'n', '', now())")
        )
        assert connection.execute(text("select scopes from api_key")).scalar() == ["jobs", "connections"]


def test_a_job_of_a_former_release_has_the_locale_that_all_had(database: Database) -> None:
    """A service of the former release may still accept jobs: it does not know the column."""
    with database.connect() as connection:
        connection.execute(
            text(
                "insert into job (id, workspace, fingerprint, formula, tree, variables, asked_by, timezone, state,"
                " accepted_at, deadline, events, moved_at)"
                " values ('j', 'w', '', '1', '', '{}', '', 'UTC', 'accepted', now(), now(), 1, now())"
            )
        )
        assert connection.execute(text("select locale from job where id = 'j'")).scalar() == "en"
