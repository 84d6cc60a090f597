"""How alembic reaches the database: the URL comes from the caller, or from AXO_DATABASE_URL."""

from typing import Literal

from alembic import context
from sqlalchemy import Connection, create_engine, text

from axo_api.settings import Settings
from axo_api.tables import UtcDateTime, metadata

LOCK_TIMEOUT = "5s"


def run() -> None:
    """Run the migrations on one connection, in one transaction each."""
    url = context.config.attributes.get("database_url") or Settings().database_url
    engine = create_engine(url)
    with engine.connect() as connection:
        _migrate(connection)
    engine.dispose()


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        compare_server_default=True,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=_render_item,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our time type as the plain type that it is in the database, so that migrations stand on their own."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


run()
