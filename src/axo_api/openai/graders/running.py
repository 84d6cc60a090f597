"""Running a grader on one answer. What goes wrong counts 0, and is said."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from axo_api.errors import Invalid
from axo_api.openai.graders.python_grader import PythonGraderFailed
from axo_api.openai.graders.reading import Grader, Part, PythonGrader
from axo_api.openai.graders.schemas import MOST_CHARACTERS, GraderErrors, GraderMetadata, GraderRun
from axo_grading.formula import NoValue
from axo_grading.grading import score
from axo_grading.templates import MissingField, MissingInAnswer, UnreadableAnswer

Row = dict[str, Any]
RunPython = Callable[[str, str, Row], Awaitable[float]]
"""Runs the source of a grader on an answer and a row. Raises `PythonGraderFailed`."""


async def run(grader: Grader, answer: str, row: Row, run_python: RunPython) -> GraderRun:
    """Return what `answer` to `row` is worth. Raises `Invalid` for text that is too long to compare."""
    began, errors = time.monotonic(), GraderErrors()
    _check_length(grader, answer, row)
    scores = {name: await _score(part, answer, row, run_python, errors) for name, part in grader.parts.items()}
    reward = _combined(grader, scores, errors)
    return GraderRun(
        reward=reward,
        sub_rewards={} if grader.calculate_output is None else scores,
        metadata=GraderMetadata(
            name=grader.name,
            type=grader.type,
            errors=errors,
            execution_time=time.monotonic() - began,
            scores=scores,
        ),
        model_grader_token_usage_per_model={},
    )


async def _score(part: Part, answer: str, row: Row, run_python: RunPython, errors: GraderErrors) -> float:
    try:
        if isinstance(part, PythonGrader):
            return await run_python(part.source, answer, row)
        options = part.plugin_options()
        assert options is not None
        return await asyncio.to_thread(score, options, answer, row)
    except PythonGraderFailed as failure:
        errors.python_grader_runtime_error = True
        errors.python_grader_runtime_error_details = str(failure)
    except OSError as error:
        errors.python_grader_server_error = True
        errors.python_grader_server_error_type = type(error).__name__
    except UnreadableAnswer:
        errors.sample_parse_error = True
    except (MissingField, MissingInAnswer):
        errors.invalid_variable_error = True
    return 0.0


def _combined(grader: Grader, scores: dict[str, float], errors: GraderErrors) -> float:
    try:
        formula = grader.formula()
        return next(iter(scores.values())) if formula is None else formula.value(scores)
    except Invalid:
        errors.formula_parse_error = True
    except NoValue:
        errors.other_error = True
    return 0.0


def _check_length(grader: Grader, answer: str, row: Row) -> None:
    each = max(len(answer), len(json.dumps(row)))
    for part in grader.parts.values():
        templates = () if isinstance(part, PythonGrader) else (part.input, part.reference)
        if any(template.count("{{") * each > MOST_CHARACTERS for template in templates):
            raise Invalid(
                f"model_sample: with this item, a template may become longer than {MOST_CHARACTERS:,} characters; "
                "grade shorter text.",
                param="model_sample",
            )
