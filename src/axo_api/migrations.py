"""Bringing the database's schema up to date: alembic, with the migrations that this version came with."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import make_url


def prepare(database_url: str) -> None:
    """Make and upgrade a SQLite database; a server's is upgraded by its operator: `python -m axo_api migrate`."""
    database = make_url(database_url)
    if database.get_backend_name() == "sqlite" and database.database:
        Path(database.database).parent.mkdir(parents=True, exist_ok=True)
        upgrade(database_url)


def upgrade(database_url: str, revision: str = "head") -> None:
    """Bring the schema of the database at `database_url` to `revision`, forward."""
    command.upgrade(alembic_config(database_url), revision)


def alembic_config(database_url: str) -> Config:
    """Return alembic's config for the migrations of this version."""
    config = Config()
    config.set_main_option("script_location", str(_folder()))
    config.attributes["database_url"] = database_url
    return config


def _folder() -> Path:
    """Return where the migrations are: beside the package when installed, at the top of a checkout."""
    installed = Path(__file__).parent / "_migrations"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "migrations"
