"""The demo's data: a few facts, each asked in several ways, so that a tiny model can visibly learn them."""

import json
from pathlib import Path

CAPITALS = {
    "France": "Paris",
    "Italy": "Rome",
    "Spain": "Madrid",
    "Portugal": "Lisbon",
    "Germany": "Berlin",
    "Austria": "Vienna",
    "Greece": "Athens",
    "Norway": "Oslo",
    "Sweden": "Stockholm",
    "Finland": "Helsinki",
    "Poland": "Warsaw",
    "Ireland": "Dublin",
    "Japan": "Tokyo",
    "Egypt": "Cairo",
    "Kenya": "Nairobi",
    "Peru": "Lima",
}

QUESTIONS = (
    "What is the capital of {country}?",
    "Which city is the capital of {country}?",
    "Name the capital of {country}.",
    "Tell me the capital city of {country}, please.",
    "I forgot the capital of {country}. What is it?",
    "{country} has which city as its capital?",
)


def write_rows(path: Path) -> int:
    """Write one chat row a line to `path` and return how many."""
    rows = [
        _row(question.format(country=country), f"The capital of {country} is {city}.")
        for question in QUESTIONS
        for country, city in CAPITALS.items()
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return len(rows)


def _row(question: str, answer: str) -> dict[str, list[dict[str, str]]]:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}
