"""A grader as OpenAI's clients write it, read into what grades: the rewards that the trainer has, too, or own code."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from axo_api.errors import Invalid, invalid_from_pydantic
from axo_contracts.rewards import StringCheck, TextSimilarity
from axo_contracts.strict import Strict
from axo_grading.formula import Formula, FormulaError

MOST_GRADERS = 16

_NO_MODEL = "no model grades here; use string_check, text_similarity, python or multi"
_NOT_HERE = {"score_model": _NO_MODEL, "label_model": _NO_MODEL}
_METRICS_NOT_HERE = {
    "cosine": "cosine compares embeddings of a hosted model, and none is here; use fuzzy_match, bleu, gleu or a rouge",
    "meteor": "meteor needs WordNet's synonyms, which are not here; use fuzzy_match, bleu, gleu or a rouge",
}


class PythonGrader(Strict):
    """Code that defines `grade(sample, item)`."""

    type: Literal["python"]
    name: str | None = None
    source: str
    image_tag: str | None = None


Part = StringCheck | TextSimilarity | PythonGrader
_PARTS: dict[str, TypeAdapter[Part]] = {
    "string_check": TypeAdapter(StringCheck),
    "text_similarity": TypeAdapter(TextSimilarity),
    "python": TypeAdapter(PythonGrader),
}


@dataclass(frozen=True, slots=True)
class Grader:
    """A grader that was understood: one part; or several by their names, and the formula of them."""

    name: str
    type: str
    parts: dict[str, Part]
    calculate_output: str | None
    where: tuple[str, ...]

    def formula(self) -> Formula | None:
        """Return what combines the parts. Raises `Invalid`."""
        if self.calculate_output is None:
            return None
        try:
            return Formula.read(self.calculate_output, self.parts.keys())
        except FormulaError as error:
            sentence = f"{error}; write arithmetic over the graders, as in 0.7 * correct + 0.3 * short"
            raise _invalid((*self.where, "calculate_output"), sentence) from None

    def python_parts(self) -> Iterator[str]:
        """Yield where code stands."""
        for name, part in self.parts.items():
            if isinstance(part, PythonGrader):
                yield ".".join(self.where if self.calculate_output is None else (*self.where, "graders", name))


def read(grader: Mapping[str, Any], *where: str) -> Grader:
    """Return what `grader`, which stands at `where` in the request, is. Raises `Invalid`, but not for its formula."""
    kind, name = grader.get("type"), grader.get("name")
    shown = name if isinstance(name, str) and name else str(kind)
    if kind != "multi":
        return Grader(shown, str(kind), {shown: _part(grader, where)}, None, where)
    graders = grader.get("graders")
    if not isinstance(graders, dict) or not 1 <= len(graders) <= MOST_GRADERS:
        raise _invalid((*where, "graders"), f"name 1 to {MOST_GRADERS} graders, as an object of name → grader")
    if "type" in graders:  # a single one, as the clients' types have it
        graders = {str(graders.get("name", "grader")): graders}
    parts = {each: _part(one, (*where, "graders", each)) for each, one in graders.items()}
    return Grader(shown, "multi", parts, str(grader.get("calculate_output", "")), where)


def slug(name: str) -> str:
    """Return a grader's name as metrics are named."""
    plain = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")
    return (plain if plain[:1].isalpha() else f"grader_{plain}")[:64].rstrip("_")


def _part(grader: Any, where: tuple[str, ...]) -> Part:
    if not isinstance(grader, dict):
        raise _invalid(where, "a grader is an object with a type")
    kind = str(grader.get("type"))
    if kind in _NOT_HERE:
        raise _invalid(where, _NOT_HERE[kind])
    if kind not in _PARTS:
        one_of = "string_check, text_similarity, python and multi"
        raise _invalid((*where, "type"), f"{kind[:64]!r} is none of {one_of}")
    metric = grader.get("evaluation_metric")
    if isinstance(metric, str) and metric in _METRICS_NOT_HERE:
        raise _invalid((*where, "evaluation_metric"), _METRICS_NOT_HERE[metric])
    part = _validated(kind, grader, where)
    if isinstance(part, PythonGrader):
        _check_source(part.source, where)
    return part


def _validated(kind: str, grader: dict[str, Any], where: tuple[str, ...]) -> Part:
    named = grader if kind == "python" else {**grader, "name": slug(str(grader.get("name", kind)))}
    try:
        return _PARTS[kind].validate_python(named)
    except ValidationError as error:
        body: Any = named
        for step in reversed(where):
            body = {step: body}
        problems = [{**problem, "loc": ("body", *where, *problem["loc"])} for problem in error.errors()]
        raise invalid_from_pydantic(problems, body) from None


def _check_source(source: str, where: tuple[str, ...]) -> None:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = f"{error.msg}, line {error.lineno}" if isinstance(error, SyntaxError) else "it cannot be read"
        raise _invalid((*where, "source"), f"it is not Python: {reason}") from None


def _invalid(where: tuple[str, ...], why: str) -> Invalid:
    place = ".".join(where)
    return Invalid(f"{place}: {why}.", param=place)
