"""Moving a name: behind a gate where that is asked for, told to the world, and undone."""

import asyncio
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, select

from axo_api.callers import Caller
from axo_api.clock import now
from axo_api.control.notices import Notice, add_notice
from axo_api.dependencies import Parts
from axo_api.errors import Conflict
from axo_api.jobs.finding import get
from axo_api.models import aliases
from axo_api.models.aliases import Move
from axo_api.models.evaluated import Evaluated, evaluated, read
from axo_api.models.gates import Figures, Gate, GateNotPassed, figures_of, problems
from axo_api.models.history import own_name
from axo_api.models.schemas import Alias, NewAlias
from axo_api.models.service import Located, ModelNotFound, checkpoint_of, hold_result, locate
from axo_api.tables import jobs
from axo_contracts.events import MODEL_PROMOTED
from axo_contracts.jobs import MODEL_KINDS
from axo_contracts.lifecycle import ON_A_WORKER, TERMINAL


class _Aim(NamedTuple):
    """What a name is to stand for, its newest row, and the evaluation that is asked for."""

    model: Located
    newest: RowMapping | None
    evaluated: Evaluated | None

    @property
    def is_reached(self) -> bool:
        """Whether the name stands for that already."""
        return self.newest is not None and (self.newest["job_id"], self.newest["step"]) == (
            self.model.row["id"],
            self.model.step,
        )


async def promote(axo: Parts, caller: Caller, name: str, wanted: NewAlias) -> Alias:
    """Have a name stand for a result or a checkpoint. What it stands for already is no move.

    Raises `Invalid`, `NotFound`, and `Conflict`: where the gate stays closed, with the figures.
    """
    aim = await axo.database.read(partial(_aim, name=name, wanted=wanted, caller=caller))
    aliases.check(name)
    if aim.newest is not None and aim.is_reached:
        return Alias.of(aim.newest, aim.model.name)
    passed = await _passed(axo, aim, name, wanted.gate)
    moved = await axo.database.write(partial(_move, name=name, aim=aim, by=caller.owner, gate=passed))
    axo.job_moved()
    return Alias.of(moved, aim.model.name)


async def undo(axo: Parts, caller: Caller, name: str) -> Alias:
    """Have a name stand for what it stood for before its last move; doing it again goes back further.

    Raises `ModelNotFound`, and `Conflict` where it stood for nothing, or for what is gone.
    """
    row, model = await axo.database.write(partial(_undo, name=name, caller=caller))
    axo.job_moved()
    return Alias.of(row, model)


async def _passed(axo: Parts, aim: _Aim, name: str, gate: Gate | None) -> dict[str, Any] | None:
    if gate is None or aim.evaluated is None:
        return None
    evaluation = await asyncio.to_thread(read, axo.settings.storage_root / aim.evaluated.path)
    figures = figures_of(gate, evaluation, is_compared=aim.evaluated.is_compared)
    if why := [*problems(gate, figures)]:
        raise GateNotPassed(f"{name!r} was not moved to {aim.model.name!r}: by {gate.evaluation}, {' And '.join(why)}")
    return {**gate.model_dump(mode="json"), "figures": _plain(figures)}


def _plain(figures: Figures) -> dict[str, Any]:
    return {name: None if figure is None else figure._asdict() for name, figure in figures._asdict().items()}


def _aim(connection: Connection, *, name: str, wanted: NewAlias, caller: Caller) -> _Aim:
    model = _wanted(connection, wanted, caller)
    newest = aliases.current(connection, name, owner=model.row["owner"])
    aim = _Aim(model, newest, None)
    if wanted.gate is None or aim.is_reached:
        return aim
    current = None if newest is None else _stands_for(connection, newest)
    if current is not None and current.step is None and current.row["result_attempt"] is None:
        current = None  # its job has not ended
    found = evaluated(connection, wanted.gate, model, current=current, owner=caller.reach)
    return aim._replace(evaluated=found)


def _wanted(connection: Connection, wanted: NewAlias, caller: Caller) -> Located:
    if wanted.model is not None:
        return locate(connection, wanted.model, owner=caller.reach, prefer=caller.owner)
    assert wanted.job_id is not None
    job = get(connection, wanted.job_id, owner=caller.reach)
    if job["is_held"]:
        raise Conflict(f"Job {job['id']} waits for the one before it in its chain; name it when it has its model.")
    return Located(job, wanted.step)


def _move(connection: Connection, *, name: str, aim: _Aim, by: str, gate: dict[str, Any] | None) -> RowMapping:
    newest, (job, step) = aim.newest, aim.model
    _check_that_it_stays(connection, aim.model)
    move = Move(job["id"], step, by, undo_to=newest["id"] if newest else None, gate=gate)
    return _add(connection, name, move, job, newest)


def _undo(connection: Connection, *, name: str, caller: Caller) -> tuple[RowMapping, str]:
    newest = aliases.current(connection, name, owner=caller.reach, prefer=caller.owner)
    if newest is None:
        raise ModelNotFound(f"There is no name {name[:200]!r} of yours.", param="alias")
    if newest["undo_to"] is None:
        raise Conflict(f"{name!r} stood for nothing before; DELETE /v1/models/{name} removes the name.")
    before = aliases.get_row(connection, newest["undo_to"])
    model = None if before is None else _stands_for(connection, before)
    if before is None or model is None:
        raise Conflict(
            f"What {name!r} stood for before is gone, or is being deleted; have it stand for something else."
        )
    move = Move(before["job_id"], before["step"], caller.owner, undo_to=before["undo_to"], is_undo=True)
    return _add(connection, name, move, model.row, newest), model.name


def _add(connection: Connection, name: str, move: Move, job: RowMapping, newest: RowMapping | None) -> RowMapping:
    """Add a move, and have it told."""
    expected = None if newest is None else newest["id"]
    added = aliases.add(connection, name, move, owner=job["owner"], expected=expected)
    before = None if newest is None else own_name(connection, newest)
    body = {
        "model": name,
        "stands_for": Located(job, move.step).name,
        "before": before,
        "moved_by": move.moved_by,
        "is_undo": move.is_undo,
        "gate": move.gate,
    }
    add_notice(connection, job["id"], Notice(MODEL_PROMOTED, now(), body))
    return added


def _stands_for(connection: Connection, row: RowMapping) -> Located | None:
    """Return what a move led to, which stays for the transaction, or None where that is deleted."""
    if row["step"] is not None:
        job = connection.execute(select(jobs).where(jobs.c.id == row["job_id"])).mappings().one()
        return Located(job, row["step"]) if checkpoint_of(connection, job["id"], row["step"]) else None
    try:
        job = hold_result(connection, row["job_id"])
    except ModelNotFound:
        return None
    return None if job["status"] in TERMINAL and job["result_attempt"] is None else Located(job, None)


def _check_that_it_stays(connection: Connection, model: Located) -> None:
    """Raise `NotFound` for what there is not, and `Conflict` for what is no model, or may be deleted by its trainer."""
    if model.step is None:
        _check_that_it_has_a_model(hold_result(connection, model.row["id"]))
        return
    job, step = get(connection, model.row["id"], owner=None), model.step  # as it is by now
    checkpoint = checkpoint_of(connection, job["id"], step)
    if checkpoint is None:
        raise ModelNotFound(
            f"Job {job['id']} has no checkpoint of step {step}; GET /v1/jobs/{job['id']}/checkpoints lists them.",
            param="step",
        )
    is_training = job["status"] in ON_A_WORKER and job["attempt"] == checkpoint["attempt"]
    if is_training and not job["spec"].get("keep"):
        raise Conflict(
            f"Job {job['id']} trains, and its trainer may delete checkpoint {step} (save_total_limit); name it when "
            "the job has ended, or train with `keep`."
        )


def _check_that_it_has_a_model(job: RowMapping) -> None:
    """Raise `Conflict` unless a job has left a model which is still there, or has not ended and will leave one."""
    if job["kind"] not in MODEL_KINDS:
        raise Conflict(
            f"Job {job['id']} is of kind {job['kind']}, which leaves no model; a name stands for what a job of kind "
            f"{', '.join(MODEL_KINDS)} leaves."
        )
    if job["status"] in TERMINAL and job["result_attempt"] is None:
        raise Conflict(
            f"Job {job['id']} is {job['status']} and has no result; name a checkpoint of it by its `step`, or another "
            "job."
        )
