"""`/v1/fine_tuning/alpha/graders`: look at a grader, and run one."""

import asyncio
from functools import partial

from fastapi import APIRouter

from axo_api.callers import Caller
from axo_api.dependencies import Asking, Axo
from axo_api.jobs.permission import permission_of
from axo_api.json_body import TakesJson
from axo_api.openai.graders import python_grader, running
from axo_api.openai.graders.reading import Grader, read
from axo_api.openai.graders.schemas import GraderRun, RunGrader, ValidatedGrader, ValidateGrader
from axo_api.settings import Settings
from axo_contracts.keys import Scope

router = APIRouter(prefix="/v1/fine_tuning/alpha/graders", tags=["OpenAI's fine-tuning API"], route_class=TakesJson)


@router.post("/run", summary="Run a grader")
async def run_grader(wanted: RunGrader, axo: Axo, caller: Asking) -> GraderRun:
    """Grade one answer, as training with the grader would. What goes wrong counts 0; `metadata.errors` says it."""
    grader = await _read(wanted, axo.settings, caller)
    run_python = partial(python_grader.run, seconds=axo.settings.python_grader_seconds)
    return await running.run(grader, wanted.model_sample, wanted.item, run_python)


@router.post("/validate", summary="Validate a grader")
async def validate_grader(wanted: ValidateGrader, axo: Axo, caller: Asking) -> ValidatedGrader:
    """Return the grader as it is, or say what is wrong with it."""
    grader = await _read(wanted, axo.settings, caller)
    grader.formula()
    return ValidatedGrader(grader=wanted.grader)


async def _read(wanted: ValidateGrader | RunGrader, settings: Settings, caller: Caller) -> Grader:
    grader = await asyncio.to_thread(read, wanted.grader, "grader")
    if any(grader.python_parts()) and not permission_of(caller, settings).unsafe_code:
        caller.require(Scope.UNSAFE_CODE, "a python grader")
    return grader
