"""YAML from outside: read as Axolotl reads it, and bounded before anything is built of it."""

import pytest

from axo_contracts.config_text import read_config

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)
MERGES = "a0: &a0 {b: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 10))
REFUSED = {
    "nothing": ("", "no mapping"),
    "a list": ("- a\n", "no mapping"),
    "no YAML": ("a: [1\nb: 2", "not YAML"),
    "two documents": ("a: 1\n---\nb: 2\n", "single document"),
    "a billion laughs": (LAUGHS, "aliases written out"),
    "a billion merges": (MERGES, "aliases written out"),
    "over 100 aliases": (f"a: &a 1\nb: [{'*a, ' * 101}]\n", "line 2: over 100 aliases"),
    "a list that holds itself": ("a: &a [*a]\n", "line 1: it holds itself"),
    "200,000 lists in each other": ("[" * 200_000, "line 1: it is nested over 32 deep"),
    "100,000 values": ("a: [" + "1," * 100_000 + "]", "over 10000 values"),
    "over 256 KiB": ("a: " + "x" * 300_000, "over 256 KiB"),
    "a key twice": ("a: 1\nb: {c: 1,\n c: 2}\n", "line 3: the key 'c' is there already, in line 2"),
    "a truth as a key": ("on: 1\n", "line 1: the key 'on' is not text"),
    "a list as a key": ("? [a]\n: 1\n", "is not text"),
    "a date": ("a: 1\nb: 2024-01-01\n", "line 2: '2024-01-01' is read as a date or a tag; put quotes around it"),
    "code": ("a: !!python/object/apply:os.system [id]\n", "python/object/apply:os.system"),
    "a long tagged text": ("a: !x " + "x" * 100_000, "is read as a date or a tag"),
    "a set": ("!!set {a}", "tag:yaml.org,2002:set"),
    "a date in a mapping": ("a: !!timestamp {=: x}", "tag:yaml.org,2002:timestamp"),
    "a number in a mapping": ("a: !!int {=: '1" + ":0" * 180 + "'}", "tag:yaml.org,2002:int"),
    "a number that is none": ("a: !!int ''", "a value is not what its tag"),
    "a truth that is none": ("a: !!bool x", "a value is not what its tag"),
    "NUL": ("a: \x00", "control characters"),
    "a lone surrogate": ("a: \ud800", "surrogates"),
    "a number of 5,000 digits": ("a: " + "9" * 5000, "4300 digits"),
    "a number of 130,000 parts in base 60": ("a: 1" + ":0" * 130_000, "line 1: 1:0:0:"),
    "a fraction of 180 parts in base 60": ("a: 1" + ":0" * 180 + ".5", "is a number over 64 bits"),
    "a number in base 60 that a tag makes": ("a: !!int '1" + ":0" * 180 + "'", "is a number over 64 bits"),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_a_config_is_refused_with_the_line(text: str, reason: str) -> None:
    with pytest.raises(ValueError) as refused:
        read_config(text)

    assert reason in str(refused.value)
    assert len(str(refused.value)) < 500


def test_a_config_is_read_as_axolotl_reads_it() -> None:
    text = "rate: 1e-4\nempty:\nyes_or_no: no\nmax_memory: {0: 20GiB, cpu: 1}\nquoted: '2024-01-01'\n"

    assert read_config(text) == {
        "rate": "1e-4",
        "empty": None,
        "yes_or_no": False,
        "max_memory": {"0": "20GiB", "cpu": 1},
        "quoted": "2024-01-01",
    }


def test_short_numbers_in_base_60_are_read_as_axolotl_reads_them() -> None:
    quoted = "1" + ":0" * 100

    assert read_config(f"a: 1:30:00\nb: 1:30.5\nc: '{quoted}'\n") == {"a": 5400, "b": 90.5, "c": quoted}


def test_anchors_and_merges_are_written_out() -> None:
    text = "datasets:\n- &first {path: a/b, type: alpaca}\n- <<: *first\n  path: c/d\n"

    assert read_config(text)["datasets"] == [{"path": "a/b", "type": "alpaca"}, {"path": "c/d", "type": "alpaca"}]
