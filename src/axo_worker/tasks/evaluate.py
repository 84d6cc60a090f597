"""Evaluating: loss, perplexity and graded answers of one model or of two, on the same rows."""

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from axo_grading.grading import grade
from axo_grading.templates import MissingField

from .answers import answers
from .comparison import Measured, compared, described
from .models import Models, tokenizer_of
from .output import whole_file, write_json, write_line
from .rows import Question, Row, RowError, question_of, read_rows
from .run import Run, Stopped
from .surprise import surprises
from .tokens import Sequence, Tokens

if TYPE_CHECKING:
    from .harness import Tasks

EVALUATION = "evaluation.json"
GENERATIONS = "generations.jsonl"


@dataclass
class _Prepared:
    name: str
    weights: dict[str, Any]
    tokenizer: Any
    sequences: list[Sequence]
    rows_left_out: int
    metrics_of: str  # what stands before its metrics' names: nothing for the model that the job is about


def run(run: Run) -> None:
    """Write `evaluation.json`, and `generations.jsonl` where the models are to answer."""
    run.turn_to("preparing data")
    tasks = _tasks(run.config)
    rows = read_rows(run.config)
    questions = _questions(run.config, rows)
    each = [_prepared(run.config, field, rows) for field in run.config["models"]]
    run.turn_to("loading model")
    models = Models(run.config)
    model = models.use(each[0].weights, each[0].tokenizer)
    by_task = len(run.config["lm_eval"]["tasks"]) if tasks else 0
    run.begin("scoring", sum(len(one.sequences) + len(questions) + by_task for one in each))
    measured = []
    with _generations(run) as write:
        for index, one in enumerate(each):
            if index:
                run.turn_to("loading model")
                model = models.use(one.weights, one.tokenizer)
                run.turn_to("scoring")
            measured.append(_measure(run, model, one, tasks, questions, write))
    report = {"rows": len(rows), "models": [described(one) for one in measured]}
    write_json(run.outputs / EVALUATION, report | {"difference": compared(measured)})


def _tasks(config: dict[str, Any]) -> "Tasks | None":
    if config["lm_eval"] is None:
        return None
    from .harness import Tasks  # what only some workers have

    return Tasks(config)


def _questions(config: dict[str, Any], rows: list[Row]) -> list[Question]:
    """Return what the models are to answer. Raises `RowError` where the grader asks for a field that a row lacks."""
    if config["generate"] is None:
        return []
    questions = [question for row in rows if (question := question_of(row))]
    if not questions:
        raise RowError("no row is a conversation that could be answered; leave `generate` out")
    for question in questions:
        try:
            grade(config["generate"]["grader"], "", question.fields)
        except MissingField as error:
            raise RowError(f"row {question.row}: the grader needs what is not there: {error.args[0]}") from error
    return questions


def _prepared(config: dict[str, Any], field: str, rows: list[Row]) -> _Prepared:
    weights = config["models"][field]
    tokenizer = tokenizer_of(weights)
    tokens = Tokens(tokenizer, config)
    sequences = tokens.of_rows(rows)
    if rows and not sequences:
        raise RowError(f"none of the {len(rows)} rows has a token that counts within sequence_len")
    metrics_of = "" if field == "model" else "compared_"
    return _Prepared(weights["name"], weights, tokenizer, sequences, tokens.left_out, metrics_of)


def _measure(
    run: Run,
    model: Any,
    one: _Prepared,
    tasks: "Tasks | None",
    questions: list[Question],
    write: Callable[[dict[str, Any]], None],
) -> Measured:
    measured = Measured(one.name, one.rows_left_out)
    _foresee(run, model, one, measured)
    if questions:
        run.turn_to("generating")
        _answer(run, model, one, questions, measured, write)
    if tasks:
        run.turn_to("testing")
        _test(run, model, one, tasks, measured)
    return measured


def _test(run: Run, model: Any, one: _Prepared, tasks: "Tasks", measured: Measured) -> None:
    for figures in tasks.measure(model, one.tokenizer):
        measured.harness |= figures
        flat = {
            f"{one.metrics_of}{task}/{name}": of["value"]
            for task, of_task in figures.items()
            for name, of in of_task.items()
        }
        run.advance(1, **flat)


def _foresee(run: Run, model: Any, one: _Prepared, measured: Measured) -> None:
    batch_size, pad = run.config["batch_size"], one.tokenizer.pad_token_id
    for batch in surprises(model, one.sequences, batch_size=batch_size, pad=pad):
        for surprise in batch:
            row = surprise.sequence.row
            measured.nats[row] = measured.nats.get(row, 0.0) + math.fsum(surprise.counted)
            measured.tokens[row] = measured.tokens.get(row, 0) + len(surprise.counted)
        loss = math.fsum(measured.nats.values()) / sum(measured.tokens.values())
        run.advance(len(batch), **{f"{one.metrics_of}loss": loss})


def _answer(
    run: Run,
    model: Any,
    one: _Prepared,
    questions: list[Question],
    measured: Measured,
    write: Callable[[dict[str, Any]], None],
) -> None:
    sampling, batch_size = run.config["generate"], run.config["batch_size"]
    batches = answers(
        model, one.tokenizer, questions, sampling, batch_size=batch_size, is_to_stop=lambda: run.is_to_stop
    )
    for batch in batches:
        if run.is_to_stop:  # the batch was cut short
            raise Stopped
        for question, (answer,) in batch:
            score = measured.scores[question.row] = grade(sampling["grader"], answer, question.fields)
            write(_generation(measured.name, question, answer, score))
        score = math.fsum(measured.scores.values()) / len(measured.scores)
        run.advance(len(batch), **{f"{one.metrics_of}score": score})


def _generation(name: str, question: Question, answer: str, score: float) -> dict[str, Any]:
    return {
        "row": question.row,
        "model": name,
        "messages": question.asked,
        "answer": answer,
        "reference": question.reference,
        "score": score,
    }


@contextlib.contextmanager
def _generations(run: Run) -> Iterator[Callable[[dict[str, Any]], None]]:
    if run.config["generate"] is None:
        yield lambda _: None
        return
    file: IO[str]
    with whole_file(run.outputs / GENERATIONS) as file:
        yield lambda row: write_line(file, row)
