"""BLEU, Google's BLEU and ROUGE of one text, as sacreBLEU, NLTK and rouge-score count them, from 0 to 1.

Those libraries are not where the trainer runs, and a reward has to be the same number there as in the API.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

from .common_subsequence import common_length

_LONGEST = 4
_PUNCTUATION = (
    (re.compile(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])"), r" \1 "),
    (re.compile(r"([^0-9])([\.,])"), r"\1 \2 "),
    (re.compile(r"([\.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
)
_ENTITIES = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))


def bleu(text: str, reference: str) -> float:
    """Return sentence BLEU: up to four words, exponential smoothing, orders that the text is long enough for."""
    words, wanted = _words_13a(text), _words_13a(reference)
    logarithms, smoothing = [], 1.0
    for order in range(1, min(_LONGEST, len(words)) + 1):
        found, total = _matches(words, wanted, order), len(words) - order + 1
        if not found:
            smoothing *= 2
        logarithms.append(math.log(found / total if found else 1 / (smoothing * total)))
    if not logarithms or not _matches(words, wanted, 1):
        return 0.0
    brevity = min(0.0, 1 - len(wanted) / len(words))
    return math.exp(brevity + sum(logarithms) / len(logarithms))


def gleu(text: str, reference: str) -> float:
    """Return Google's BLEU: of all sequences of one to four words, the share found, the smaller of both ways."""
    words, wanted = _words_13a(text), _words_13a(reference)
    orders = range(1, _LONGEST + 1)
    found = sum(_matches(words, wanted, order) for order in orders)
    most = max(sum(max(0, len(of) - order + 1) for order in orders) for of in (words, wanted))
    return found / most if most else 0.0


def rouge(text: str, reference: str, order: int) -> float:
    """Return ROUGE-N as F1: sequences of `order` words of letters and digits in any case, without stemming."""
    words, wanted = _words_plain(text), _words_plain(reference)
    matches = _matches(words, wanted, order)
    return _f1(matches, len(words) - order + 1, len(wanted) - order + 1)


def rouge_l(text: str, reference: str) -> float:
    """Return ROUGE-L as F1: the longest common subsequence of words."""
    words, wanted = _words_plain(text), _words_plain(reference)
    return _f1(common_length(words, wanted), len(words), len(wanted))


def _matches(words: Sequence[str], wanted: Sequence[str], order: int) -> int:
    return (_ngrams(words, order) & _ngrams(wanted, order)).total()


def _ngrams(words: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[start : start + order]) for start in range(len(words) - order + 1))


def _f1(matches: int, found: int, wanted: int) -> float:
    return 2 * matches / (found + wanted) if matches else 0.0


def _words_13a(text: str) -> list[str]:
    """Return the words as mteval-v13a, and so WMT, splits them."""
    line = text.rstrip().replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for entity, character in _ENTITIES:
        line = line.replace(entity, character)
    line = f" {line} "
    for pattern, spaced in _PUNCTUATION:
        line = pattern.sub(spaced, line)
    return line.split()


def _words_plain(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())
