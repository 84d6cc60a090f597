"""Scoring: each row's tokens, and how surprised the model is by each."""

import math
from typing import Any

from .models import Models, tokenizer_of
from .output import whole_file, write_json, write_line
from .rows import RowError, read_rows
from .run import Run
from .statistics import perplexity
from .surprise import Surprise, surprises
from .tokens import Tokens

SCORES = "scores.jsonl"
SUMMARY = "summary.json"


def run(run: Run) -> None:
    """Write `scores.jsonl`, a line a sequence, and `summary.json`."""
    config, weights = run.config, run.config["models"]["model"]
    run.turn_to("preparing data")
    tokenizer = tokenizer_of(weights)
    tokens = Tokens(tokenizer, config)
    sequences = [found for number, text in enumerate(config["texts"], 1) for found in tokens.of_text(number, text)]
    rows = [row._replace(number=row.number + len(config["texts"])) for row in read_rows(config)]
    sequences += tokens.of_rows(rows)
    if not sequences:
        raise RowError("no text and no row has a token that counts within sequence_len")
    run.turn_to("loading model")
    model = Models(config).use(weights, tokenizer)
    options = {"batch_size": config["batch_size"], "pad": tokenizer.pad_token_id, "top_k": config["top_k"]}
    nats, counted = 0.0, 0
    run.begin("scoring", len(sequences))
    with whole_file(run.outputs / SCORES) as file:
        for batch in surprises(model, sequences, **options):
            for surprise in batch:
                nats, counted = nats + math.fsum(surprise.counted), counted + len(surprise.counted)
                write_line(file, _line(surprise, tokenizer))
            run.advance(len(batch), loss=nats / counted)
    summary = {"rows": len({found.row for found in sequences}), "rows_left_out": tokens.left_out, "tokens": counted}
    loss = nats / counted
    write_json(run.outputs / SUMMARY, {**summary, "loss": loss, "perplexity": perplexity(loss)})


def _line(surprise: Surprise, tokenizer: Any) -> dict[str, Any]:
    sequence, counted = surprise.sequence, surprise.counted
    loss = math.fsum(counted) / len(counted)
    line = {
        "row": sequence.row,
        "loss": loss,
        "perplexity": perplexity(loss),
        "ids": sequence.ids,
        "tokens": _pieces(tokenizer, sequence.ids),
        "counts": sequence.counts,
        "surprisal": [None, *surprise.nats],
    }
    return line if not surprise.top else line | {"top": [None, *(_top(tokenizer, place) for place in surprise.top)]}


def _top(tokenizer: Any, place: list[tuple[int, float]]) -> list[dict[str, Any]]:
    pieces = _pieces(tokenizer, [token for token, _ in place])
    return [
        {"id": token, "token": piece, "logprob": logprob} for (token, logprob), piece in zip(place, pieces, strict=True)
    ]


def _pieces(tokenizer: Any, ids: list[int]) -> list[str]:
    return [tokenizer.decode([one]) for one in ids]
