"""docker-compose.yml: valid, without secrets of its own, and every service can be watched, limited and restarted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.compose import COMPOSE, GIVEN, OURS, ROOT, SERVICES, TEXT, VALKEYS, VARIABLE


def schema_check(file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_compose_follows_its_schema() -> None:
    said = schema_check(ROOT / "docker-compose.yml")
    assert said.returncode == 0, said.stdout


@pytest.mark.slow
def test_the_schema_check_would_find_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text(TEXT.replace("restart: unless-stopped", "restarts: unless-stopped"))
    assert schema_check(tmp_path / "docker-compose.yml").returncode == 1


def test_every_part_of_the_system_is_there() -> None:
    assert set(OURS) == {"migrate", "service", "formulas", "upkeep", "beat", "flower"}
    assert set(SERVICES) - set(OURS) == {"postgres", "state", "cache"}
    assert SERVICES["postgres"]["image"] == "postgres:18"


def test_what_is_secret_has_no_default() -> None:
    """A forgotten variable stops the start with a sentence that names it."""
    for match in VARIABLE.finditer(TEXT):
        if match["name"] in GIVEN:
            assert match["kind"] == ":?", match[0]
            assert match["rest"], match[0]


def test_what_is_not_secret_has_a_default() -> None:
    assert [match[0] for match in VARIABLE.finditer(TEXT) if match["name"] not in GIVEN and match["kind"] != ":-"] == []


def test_no_secret_is_written_down() -> None:
    """Every password and key in the file comes from outside."""
    for name, service in SERVICES.items():
        for variable, value in service["environment"].items():
            if variable == "PACKSYS_PUBLIC_URL":  # where browsers find the service: it opens nothing
                continue
            if variable.endswith(("PASSWORD", "AUTH", "KEYS", "_URL")):
                assert any(given in value for given in GIVEN.values()), f"{name}: {variable}"


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_every_lasting_service_restarts_and_is_watched(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert {"test", "interval", "timeout", "retries", "start_period"} <= set(service["healthcheck"])


def test_a_migration_runs_once_before_everything_that_needs_it() -> None:
    assert SERVICES["migrate"]["restart"] == "no"
    for name in set(OURS) - {"migrate"}:
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}, name


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_limits(name: str) -> None:
    assert set(SERVICES[name]["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_change_nothing(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]


def test_servers_are_reached_from_inside_only() -> None:
    assert COMPOSE["networks"]["data"] == {"internal": True}
    for name in ("postgres", "state", "cache"):
        assert SERVICES[name]["networks"] == ["data"]
        assert "ports" not in SERVICES[name]


def test_published_ports_are_this_machines_unless_told_otherwise() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {"service": ["127.0.0.1:8000:8000"], "flower": ["127.0.0.1:5555:5555"]}


def test_only_who_opens_connections_has_the_keys_to_them() -> None:
    """Beat, Flower and the migration cannot read a token."""
    holders = {name for name, service in SERVICES.items() if "PACKSYS_VAULT_KEYS" in service["environment"]}
    assert holders == {"service", "formulas", "upkeep"}


def test_a_stopped_worker_may_end_its_task() -> None:
    import celeryconfig

    for name in ("formulas", "upkeep"):
        seconds = int(SERVICES[name]["stop_grace_period"].removesuffix("s"))
        assert seconds >= celeryconfig.task_time_limit + 30


def test_postgresql_18_keeps_its_data_in_the_volume() -> None:
    """Since 18 the image keeps it below the version's own folder, and the volume belongs one level higher."""
    assert SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]


def test_the_state_server_keeps_its_data_and_the_cache_does_not() -> None:
    assert VALKEYS["state"]["volumes"] == ["state:/data"]
    assert VALKEYS["cache"]["volumes"] == []
