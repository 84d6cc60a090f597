"""The names of configs: `{model}-{date}-{method}-{n}.yaml`, counted for each owner and day."""

from datetime import datetime, time

from sqlalchemy import Connection, func, select

from axo_api.jobs.spec_columns import has_base_model, has_method
from axo_api.tables import jobs
from axo_contracts.ids import JOB, first_id
from axo_contracts.jobs import JobSpec
from axo_contracts.names import config_name


def name_of_config(
    connection: Connection, spec: JobSpec, *, owner: str, at: datetime, before: str | None = None
) -> str:
    """Return the name of the config of an owner's job `before` (its id), or of the next one, made `at` that time."""
    day = datetime.combine(at.date(), time.min, tzinfo=at.tzinfo)
    query = select(func.count()).where(
        jobs.c.owner == owner,
        jobs.c.id >= first_id(JOB, int(day.timestamp() * 1000)),
        has_base_model(spec.base_model),
        has_method(spec.method_name),
    )
    if before is not None:
        query = query.where(jobs.c.id < before)
    earlier: int = connection.execute(query).scalar_one()
    return config_name(spec.base_model, at.date(), spec.method_name, earlier + 1)
