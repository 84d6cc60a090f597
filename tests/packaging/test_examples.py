"""The examples are specs that the service takes, and their rows are there."""

import json
from pathlib import Path

import pytest

from axo_cli.spec import read_spec, with_uploads
from axo_contracts.ids import FILE, new_id
from axo_contracts.jobs import TrainSpec

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_a_valid_spec(example: Path) -> None:
    uploaded: list[Path] = []

    def upload(path: Path) -> str:
        uploaded.append(path)
        return new_id(FILE)

    TrainSpec.model_validate(with_uploads(read_spec(example), example.parent, upload))

    assert uploaded
    assert all(json.loads(line) for path in uploaded for line in path.read_text().splitlines())
