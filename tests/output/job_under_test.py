"""A job that a served control plane knows, and what a test makes of it."""

from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Table, create_engine, insert
from tests.api_process import ApiProcess

from axo_api.journals.journal import Journal
from axo_contracts import storage_paths


class JobUnderTest:
    """One job, without a worker: its journal, its rows and its files are what the test writes."""

    def __init__(self, api: ApiProcess) -> None:
        self.api = api
        self.id = api.submit()
        self.url = f"{api.url}/v1/jobs/{self.id}"
        self.journal = api.storage_root / storage_paths.journal(self.id)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Get what is at a path below the job's."""
        return self.api.http.get(f"{self.url}/{path}", **options)

    def says(self, lines: bytes) -> None:
        """Append lines to the journal."""
        journal = Journal.open(self.journal)
        journal.append(lines)
        journal.close()

    def has(self, table: Table, *rows: dict[str, Any]) -> None:
        """Insert rows of the job into a table."""
        engine = create_engine(self.api.database_url)
        with engine.begin() as connection:
            connection.execute(insert(table), [{"job_id": self.id, **row} for row in rows])
        engine.dispose()

    def attempt(self, number: int) -> Path:
        """Return the folder of an attempt, made when it is not there yet."""
        folder = self.api.storage_root / storage_paths.attempt(self.id, number)
        folder.mkdir(parents=True, exist_ok=True)
        return folder
