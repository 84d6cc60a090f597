"""The first rows of a file as the trainer will see them, through a worker's helper."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import RowMapping

from axo_api.axolotl.compiler import compile_config, resolve_config
from axo_api.callers import Caller
from axo_api.dependencies import Parts
from axo_api.errors import Invalid, Unavailable
from axo_api.files import service as files
from axo_api.files.limits import unpack_limits
from axo_api.files.preview import first_rows
from axo_api.files.schemas import PreviewRow
from axo_api.jobs.permission import permission_of
from axo_api.plans.advisers import find_adviser
from axo_api.plans.asking import ask
from axo_api.plans.refusals import invalid_config
from axo_api.plans.schemas import PreviewRequest, TokenizedPreview, TokenizedRow
from axo_contracts.datasets import Dataset, FileSource
from axo_contracts.formats import RowFormat, format_of
from axo_contracts.hyperparameters import Hyperparameters
from axo_contracts.jobs import TrainSpec
from axo_contracts.questions import Previewed, PreviewQuestion, Refused
from axo_contracts.resources import Capabilities
from axo_contracts.suitability import refused_format

ASKING_SECONDS = 25.0


async def tokenized_rows(
    axo: Parts, file_id: str, row: RowMapping, content: Path, request: PreviewRequest, caller: Caller
) -> TokenizedPreview:
    """Return a file's first rows, rendered and tokenized.

    Raises `Invalid` for a base model that does not exist and for rows that cannot be read, and `Unavailable` without a
    worker that can tell.
    """
    spec = _spec(file_id, row, request)
    await axo.existence.check(spec, permission_of(caller, axo.settings))
    read = partial(first_rows, content, files.wrapping_of(row), unpack_limits(axo.settings), request.rows)
    rows = _objects(await asyncio.to_thread(read))
    adviser = await find_adviser(axo, spec.resources)
    if adviser.worker_id is None:
        raise Unavailable(f"No worker can tell now. {adviser.trouble or ''}".strip())
    capabilities = adviser.capabilities or Capabilities()
    config = resolve_config(compile_config(spec), spec, capabilities)
    question = PreviewQuestion(config=config, rows=tuple(rows), device=adviser.device)
    answer = await ask(axo.waiting, adviser.worker_id, question, seconds=ASKING_SECONDS)
    match answer:
        case Previewed(rows=seen):
            data = [TokenizedRow.model_validate(msgspec.to_builtins(row)) for row in seen]
            return TokenizedPreview(worker=adviser.worker_id, data=data)
        case Refused():
            raise invalid_config(answer, spec)
        case _:
            raise Unavailable(getattr(answer, "message", "The worker gave another answer than it was asked for."))


def _spec(file_id: str, row: RowMapping, request: PreviewRequest) -> TrainSpec:
    return TrainSpec(
        base_model=request.base_model,
        datasets=(Dataset(source=FileSource(file_id=file_id), format=_format(file_id, row, request)),),
        method=request.method,
        hyperparameters=Hyperparameters(sequence_len=request.sequence_len),
        metadata={},
        axolotl={},
    )


def _format(file_id: str, row: RowMapping, request: PreviewRequest) -> RowFormat | None:
    found = row["report"]["format"]
    if request.format is not None or found is None:
        return request.format
    if refusal := refused_format(request.method, found):
        raise Invalid(f"method: {file_id!r} has {found} rows; {refusal}.", param="method")
    return format_of(found)


def _objects(rows: Sequence[PreviewRow]) -> list[Any]:
    if bad := [row.row for row in rows if not isinstance(row.value, dict)]:
        raise Invalid(
            f"Row {bad[0]} is no JSON object, or too long to show; GET …/preview shows it as it is.", param="rows"
        )
    return [row.value for row in rows]
