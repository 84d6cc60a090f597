"""What the database knows of a job's output. Each function is one read."""

from collections.abc import Sequence
from typing import Any

import yaml
from sqlalchemy import Connection, RowMapping, select

from axo_api.axolotl.configs import config_of
from axo_api.axolotl.inputs import Inputs, file_ids
from axo_api.errors import NotFound
from axo_api.files.service import wrappings
from axo_api.jobs.service import get
from axo_api.plans.naming import name_of_config
from axo_api.tables import attempts, job_events
from axo_contracts.jobs import spec_from_json


def find_events(
    connection: Connection, job_id: str, *, owner: str | None, after: int, limit: int
) -> Sequence[RowMapping]:
    """Return up to `limit` + 1 events behind the event `after`, newest last."""
    get(connection, job_id, owner=owner)
    query = (
        select(job_events)
        .where(job_events.c.job_id == job_id, job_events.c.id > after)
        .order_by(job_events.c.id)
        .limit(limit + 1)
    )
    return connection.execute(query).mappings().all()


def config_yaml(connection: Connection, job_id: str, *, owner: str | None, attempt: int | None) -> tuple[str, str]:
    """Return the Axolotl config of an attempt (None: the newest one) as YAML, and the name of its file.

    Before the first attempt it is the config as far as it is known by then, without what depends on the device.
    """
    job = get(connection, job_id, owner=owner)
    spec = spec_from_json(job["spec"])
    name = name_of_config(connection, spec, owner=job["owner"], at=job["created_at"], before=job_id)
    query = select(attempts).where(attempts.c.job_id == job_id).order_by(attempts.c.attempt.desc()).limit(1)
    if attempt is not None:
        query = query.where(attempts.c.attempt == attempt)
    row = connection.execute(query).mappings().one_or_none()
    if row is not None:
        return _yaml(f"Attempt {row['attempt']} on worker {row['worker_id']}.", row["config"]), name
    if attempt is not None:
        raise NotFound(f"Job {job_id} has no attempt {attempt}; its newest is {job['attempt']}.", param="attempt")
    sentence = "Not placed on a worker yet: precision, attention and kernels are chosen for its device."
    return _yaml(sentence, config_of(spec, Inputs(wrappings(connection, file_ids(spec))))), name


def _yaml(sentence: str, config: dict[str, Any]) -> str:
    return f"# {sentence}\n" + yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
