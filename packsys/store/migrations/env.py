"""Runs migrations on the connection that :func:`packsys.store.schema.migrate` gives."""

from alembic import context

from packsys.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
