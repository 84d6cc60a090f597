"""How alike two texts are, from 0 to 1, by each of OpenAI's metrics that needs no model and no other data."""

from collections.abc import Callable
from functools import partial
from typing import Any

from .common_subsequence import common_length
from .ngrams import bleu, gleu, rouge, rouge_l


def text_similarity(options: Any, text: str, reference: str) -> float:
    """Return how alike the text and the reference are by the metric that is asked for."""
    return _METRICS[options["evaluation_metric"]](text, reference)


def fuzzy_match(text: str, reference: str) -> float:
    """Return the share of characters that both have in one order, as rapidfuzz's `fuzz.ratio` does."""
    both = len(text) + len(reference)
    return 2 * common_length(text, reference) / both if both else 1.0


def exact_match(text: str, reference: str) -> float:
    """Return 1 for the same text but for case and white space, else 0."""
    return float(text.casefold().split() == reference.casefold().split())


_METRICS: dict[str, Callable[[str, str], float]] = {
    "fuzzy_match": fuzzy_match,
    "exact_match": exact_match,
    "bleu": bleu,
    "gleu": gleu,
    **{f"rouge_{order}": partial(rouge, order=order) for order in range(1, 6)},
    "rouge_l": rouge_l,
}
