"""Planning a job: the same checks as submitting it, what a worker's helper says of it, and nothing queued."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
import yaml
from sqlalchemy import Connection

from axo_api.axolotl.compiler import resolve_config
from axo_api.axolotl.configs import config_of
from axo_api.axolotl.inputs import Inputs, file_ids
from axo_api.callers import Caller
from axo_api.catalogue.presets import with_preset
from axo_api.clock import now
from axo_api.control.ordering import inputs_of
from axo_api.dependencies import Parts
from axo_api.errors import Invalid
from axo_api.files.service import wrappings
from axo_api.jobs.keeping import settle_keep
from axo_api.jobs.permission import permission_of
from axo_api.jobs.service import Submission, dry_run
from axo_api.plans.advisers import Adviser, find_adviser
from axo_api.plans.asking import ask
from axo_api.plans.defaults import defaults_of
from axo_api.plans.history import ended_runs, time_estimate
from axo_api.plans.naming import name_of_config
from axo_api.plans.overlaps import shared_rows
from axo_api.plans.refusals import invalid_config
from axo_api.plans.schemas import DiskEstimate, MemoryEstimate, ParameterCount, Plan, TimeEstimate, TokenCount
from axo_contracts.jobs import JobSpec
from axo_contracts.orders import InputFile
from axo_contracts.questions import Answer, Failed, Planned, PlanQuestion, Refused

HELPER_SECONDS = 40.0
ASKING_SECONDS = 45.0  # the helper's own, and the way there and back


@dataclass(frozen=True, slots=True)
class _Checked:
    """A spec that would be queued, and what is needed to plan it."""

    spec: JobSpec
    config: dict[str, Any]
    inputs: tuple[InputFile, ...]
    config_name: str


async def plan(axo: Parts, given: JobSpec, *, caller: Caller) -> Plan:
    """Return what a job of `given` would be. Raises `Invalid` as submitting does, and for what Axolotl refuses."""
    if given.kind != "train" or given.named_models()[0].is_trained_here:
        raise Invalid(
            "kind: only a training on a model of the hub, or on a path, is planned; submit this job with "
            "POST /v1/jobs, which checks it alike.",
            param="kind",
        )
    spec = with_preset(given, axo.catalogue)
    await axo.existence.check(spec, permission_of(caller, axo.settings))
    submission = Submission.of(spec, owner=caller.owner)
    settle_keep(spec, submission.row, axo.settings.keep)
    checked = await axo.database.read(partial(_check, submission=submission, owner=caller.owner))
    adviser = await find_adviser(axo, checked.spec.resources)
    config = checked.config
    if adviser.capabilities is not None:
        config = resolve_config(config, checked.spec, adviser.capabilities)
    answer = await _ask(axo, adviser, config, checked.inputs)
    if isinstance(answer, Refused):
        raise invalid_config(answer, checked.spec)
    planned = answer if isinstance(answer, Planned) else Planned(config={})
    gpus = adviser.device.gpus
    runs = await axo.database.read(partial(ended_runs, spec=checked.spec, gpus=gpus)) if planned.steps else ()
    time = await asyncio.to_thread(time_estimate, axo.settings.storage_root, runs, planned, gpus)
    shared = await asyncio.to_thread(lambda: list(shared_rows(checked.spec, axo.settings.storage_root)))
    return _plan(given, checked, config, adviser, answer, planned, time, shared)


def _check(connection: Connection, submission: Submission, owner: str) -> _Checked:
    queued_as = dry_run(connection, submission)
    name = name_of_config(connection, queued_as, owner=owner, at=now())
    config = config_of(queued_as, Inputs(wrappings(connection, file_ids(queued_as))))
    return _Checked(queued_as, config, inputs_of(connection, queued_as), name)


async def _ask(axo: Parts, adviser: Adviser, config: dict[str, Any], inputs: tuple[InputFile, ...]) -> Answer:
    if adviser.worker_id is None:
        return Failed(message="Steps, tokens, memory and disk are known when a worker with a helper is online.")
    question = PlanQuestion(config=config, inputs=inputs, device=adviser.device, seconds=HELPER_SECONDS)
    return await ask(axo.waiting, adviser.worker_id, question, seconds=ASKING_SECONDS)


def _plan(
    given: JobSpec,
    checked: _Checked,
    config: dict[str, Any],
    adviser: Adviser,
    answer: Answer,
    planned: Planned,
    time: TimeEstimate | None,
    shared: Sequence[str],
) -> Plan:
    memory = _memory(planned, adviser)
    warnings = [*([adviser.trouble] if adviser.trouble else []), *shared]
    warnings += [answer.message] if isinstance(answer, Failed) else planned.warnings
    if memory and memory.available_bytes and memory.total_bytes > memory.available_bytes:
        warnings.append("It needs more memory than the GPU has: lower micro_batch_size or sequence_len, or use qlora.")
    return Plan(
        config_name=checked.config_name,
        config=config,
        config_yaml=yaml.safe_dump(config, sort_keys=False, allow_unicode=True),
        spec=checked.spec.model_dump(mode="json"),
        defaults=defaults_of(given, checked.spec),
        axolotl_defaults={name: value for name, value in planned.config.items() if name not in config} or None,
        worker=adviser.worker_id,
        rows=planned.rows,
        validation_rows=planned.validation_rows,
        steps=planned.steps,
        epochs=planned.epochs,
        tokens=TokenCount(**msgspec.structs.asdict(planned.tokens)) if planned.tokens else None,
        parameters=ParameterCount(**msgspec.structs.asdict(planned.parameters)) if planned.parameters else None,
        memory=memory,
        disk=DiskEstimate(**msgspec.to_builtins(planned.disk)) if planned.disk else None,
        time=time,
        warnings=warnings,
    )


def _memory(planned: Planned, adviser: Adviser) -> MemoryEstimate | None:
    if planned.memory is None:
        return None
    return MemoryEstimate(
        total_bytes=sum(part.bytes for part in planned.memory),
        available_bytes=adviser.device.memory_bytes,
        parts=msgspec.to_builtins(planned.memory),
    )
