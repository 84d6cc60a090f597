"""What a client can send that is no request: written by hand, because no encoder would make it."""

import json
from typing import Any

DEEP = 10_000


def _form(*parts: tuple[bytes, bytes]) -> bytes:
    """Return a multipart body with the boundary `b`, each part given as what is behind `form-data`, and its content."""
    written = (b"--b\r\nContent-Disposition: form-data" + said + b"\r\n\r\n" + held + b"\r\n" for said, held in parts)
    return b"".join(written) + b"--b--\r\n"


WHOLE: dict[str, bytes] = {
    "no JSON": b"{",
    "NaN": b"NaN",
    "infinity": b"-Infinity",
    "a number of 5,000 digits": b"9" * 5000,
    "null": b"null",
    "a string": b'"train"',
    "a lone surrogate": b'"\\ud800"',
    "lists in each other": b"[" * DEEP + b"]" * DEEP,
    "lists that never end": b"[" * DEEP,
    "objects in each other": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "no UTF-8": b'{"name": "\xff"}',
    "UTF-16": '{"name": "ä"}'.encode("utf-16"),
    "NUL": b"\0",
}
"""Bodies that are refused everywhere."""

VALUES: dict[str, bytes] = {
    "NaN": b"NaN",
    "infinity": b"[-Infinity]",
    "a float over every float": b"1e999",
    "a number over 64 bits": b"9" * 30,
    "one below all of 64 bits": b"-" + b"9" * 30,
    "a lone surrogate": b'"\\ud800"',
    "a lone surrogate as a key": b'{"\\udfff":"a"}',
    "a lone surrogate in a list": b'["\\ud800"]',
    "a key twice": b'{"a":"1","a":"2"}',
    "lists in each other": b"[" * DEEP + b"]" * DEEP,
    "objects in each other": b'{"a":' * 900 + b"1" + b"}" * 900,
}
"""JSON values that are refused in whichever field they stand."""

NUL: tuple[bytes, ...] = (b'"\\u0000"', b'"a\\u0000b"', b'["\\u0000"]', b'{"a":"\\u0000"}', b'{"\\u0000":"a"}')
"""Values with a NUL, which one of our databases cannot hold. Where text is a label, they are taken."""

CONFIGS: dict[str, bytes] = {
    "nothing": b"",
    "not a number": b"base_model: org/model\nlearning_rate: .nan\n",
    "infinity": b"base_model: org/model\nlearning_rate: .inf\n",
    "a number over 64 bits": b"base_model: org/model\nseed: " + b"9" * 30,
    "a lone surrogate": b'base_model: "\\ud800"\n',
    "NUL": b'base_model: "\\0"\n',
    "a key twice": b"base_model: org/model\nbase_model: org/other\n",
    "lists in each other": b"base_model: " + b"[" * DEEP + b"]" * DEEP,
    "no UTF-8": b"base_model: \xff\n",
    "cut off": b'base_model: "org/mo',
}
"""YAML that is refused wherever a whole config may be sent."""

PURPOSE = b'; name="purpose"', b"fine-tune"
FORMS: dict[str, bytes] = {
    "nothing": b"",
    "nothing but text": b"hello",
    "no part": b"--b--\r\n",
    "cut off": _form(PURPOSE, (b'; name="file"; filename="rows.jsonl"', b'{"mess'))[:-9],
    "no name": _form((b"", b"x")),
    "NUL as a name": _form((b'; name="\0"', b"x")),
    "NUL as the purpose": _form((b'; name="purpose"', b"\0")),
    "no UTF-8 as a name": _form((b'; name="\xff"', b"x")),
    "no UTF-8 as a file's name": _form(PURPOSE, (b'; name="file"; filename="\xff.jsonl"', b"{}")),
    "NUL as a file's name": _form(PURPOSE, (b'; name="file"; filename="\0.jsonl"', b"{}")),
    "a surrogate as a file's name": _form(PURPOSE, (b'; name="file"; filename="\xed\xa0\x80.jsonl"', b"{}")),
    "a field twice": _form(PURPOSE, PURPOSE),
    "seconds over 64 bits": _form((b'; name="expires_after[seconds]"', b"9" * 30)),
}
"""Forms, their boundary `b`, that are refused wherever a form is taken."""

TEXTS = (
    "%00",
    "a%00b",
    "%ED%A0%80",
    "%FF",
    "9" * 30,
    "-" + "9" * 30,
    "9" * 5000,
    "NaN",
    "1e999",
    "%F0%9F%A6%A5",
    "..%2F..",
    "%25",
)
"""Percent-encoded texts for path and query."""

HEADERS = (
    b"9" * 30,
    b"-1",
    b"NaN",
    b"\xff",
    b"a" * 5000,
    b"bytes=" + b"9" * 30 + b"-",
    b"bytes 0-1/" + b"9" * 30,
    b"bytes=9-1",
    b"x",
)
"""Values of headers."""


def with_field(good: dict[str, Any], name: str, raw: bytes) -> bytes:
    """Return `good` as JSON with one field written by hand, in place of its own if it has it."""
    fields = {key: json.dumps(value).encode() for key, value in good.items()} | {name: raw}
    return b"{" + b",".join(json.dumps(key).encode() + b":" + value for key, value in fields.items()) + b"}"


def with_field_twice(good: dict[str, Any], name: str) -> bytes:
    """Return `good` as JSON with one field at its end once more."""
    return json.dumps(good).encode()[:-1] + b"," + json.dumps({name: good[name]}).encode()[1:]
