"""What graders measure, and the formulas over them."""

import pytest
from pydantic import ValidationError

from axo_contracts.rewards import Multi, StringCheck
from axo_grading.formula import Formula, FormulaError, NoValue
from axo_grading.grading import grade
from axo_grading.templates import MissingField, filled

TEXT, REFERENCE = "The cat sat on a mat, 3.5 m long.", "The cat sat on the mat &amp; it was 3.5 m long."

KNOWN = {  # by rapidfuzz 3.14.6, sacrebleu 2.6.0, nltk 3.10.4 and rouge-score 0.1.2
    "fuzzy_match": 0.775,
    "bleu": 0.402928,
    "gleu": 0.456522,
    "rouge_1": 0.782609,
    "rouge_2": 0.571429,
    "rouge_3": 0.421053,
    "rouge_4": 0.235294,
    "rouge_5": 0,
    "rouge_l": 0.782609,
}


@pytest.mark.parametrize(("metric", "likeness"), KNOWN.items())
def test_likeness_is_what_the_known_libraries_say(metric: str, likeness: float) -> None:
    options = {"type": "text_similarity", "evaluation_metric": metric, "input": TEXT, "reference": REFERENCE}

    assert grade(options, "", {}) == pytest.approx(likeness, abs=1e-6)
    assert grade(options | {"reference": TEXT}, "", {}) == pytest.approx(1)
    assert grade(options | {"reference": "Something else"}, "", {}) < 0.3
    assert grade(options | {"input": ""}, "", {}) == 0


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("a", 0.5),
        ("0.25 * a + 0.75 * b", 0.875),
        ("-a ^ 2 + b", 0.75),
        ("2 ^ 3 ^ 0", 2),
        ("min(a, b) + max(a, b, 3) + abs(-a)", 4),
        ("floor(a) + ceil(a) + exp(0) + sqrt(4) + log(b)", 4),
    ],
)
def test_a_formula_is_arithmetic_over_the_graders(formula: str, value: float) -> None:
    assert Formula.read(formula, {"a", "b"}).value({"a": 0.5, "b": 1.0}) == pytest.approx(value)


@pytest.mark.parametrize(
    "formula",
    [
        "",
        "a +",
        "c",
        "a.real",
        "a[0]",
        "__import__('os')",
        "print(a)",
        "abs(a, b)",
        "min(a)",
        "'a' * 9",
        "[a for a in b]",
        "lambda: a",
        "a if b else 0",
        "a % b",
        "a == b",
        "-" * 999 + "a",
        "(" * 400 + "a" + ")" * 400,
        "a" * 1001,
    ],
)
def test_whatever_else_python_could_do_is_no_formula(formula: str) -> None:
    with pytest.raises(FormulaError):
        Formula.read(formula, {"a", "b"})


@pytest.mark.parametrize("formula", ["1 / a", "log(a)", "sqrt(a - 1)", "(a - 1) ^ 0.5", "9 ^ 9 ^ 9", "9" * 999])
def test_a_formula_may_have_no_value(formula: str) -> None:
    with pytest.raises(NoValue):
        Formula.read(formula, {"a"}).value({"a": 0.0})


def test_only_a_weighted_sum_has_weights() -> None:
    assert Formula.read("0.5 * a + (b - a) / 4 - -b", {"a", "b"}).weights() == {"a": 0.25, "b": 1.25}
    assert [Formula.read(of, {"a", "b"}).weights() for of in ("a * b", "a + 1", "min(a, b)", "a / b")] == [None] * 4


def test_a_reward_with_a_wrong_formula_is_refused() -> None:
    with pytest.raises(ValidationError, match="there is no grader 'wrong'"):
        Multi(graders={"right": StringCheck()}, calculate_output="right + wrong")


def test_a_row_without_the_field_of_a_template_is_an_error() -> None:
    with pytest.raises(MissingField, match=r"item\.answer"):
        filled("{{ item.answer }}", "", {"question": 1})
