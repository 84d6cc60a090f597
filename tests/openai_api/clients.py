"""OpenAI's own clients, and what they send."""

import json
from typing import Any

import openai
from openai import BaseModel
from pydantic import TypeAdapter
from tests.api_process import ApiProcess

CHAT = [
    {"messages": [{"role": "user", "content": f"{n}?"}, {"role": "assistant", "content": f"{n}!"}]} for n in range(5)
]
PAIRS: list[dict[str, Any]] = [
    {
        "input": {"messages": [{"role": "user", "content": f"{n} + 1?"}], "tools": [], "parallel_tool_calls": True},
        "preferred_output": [{"role": "assistant", "content": str(n + 1)}],
        "non_preferred_output": [{"role": "assistant", "content": str(n)}],
    }
    for n in range(5)
]
PROMPTS = [{"messages": [{"role": "user", "content": f"{n} + 1?"}], "reference_answer": str(n + 1)} for n in range(5)]


def client_of(service: ApiProcess, **options: Any) -> openai.OpenAI:
    """Return the synchronous client of a service."""
    return openai.OpenAI(base_url=f"{service.url}/v1", **{"api_key": "sk-none", "max_retries": 0, **options})


def lines(rows: list[dict[str, Any]]) -> bytes:
    """Return rows as JSON lines."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def upload(client: openai.OpenAI, rows: list[dict[str, Any]] | None = None) -> str:
    """Upload rows and return the file's id."""
    return client.files.create(file=("rows.jsonl", lines(rows or CHAT)), purpose="fine-tune").id


def assert_as_typed(shown: BaseModel) -> None:
    """Fail unless an object is what its type says, strictly: the client itself takes everything as it comes."""
    data = json.loads(shown.to_json())
    TypeAdapter(type(shown)).validate_python(data, strict=True)
    wanted = {field.alias or name for name, field in type(shown).model_fields.items() if field.is_required()}
    assert wanted <= data.keys(), f"{type(shown).__name__} lacks {wanted - data.keys()}"
