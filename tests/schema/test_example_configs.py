"""Configs as people write them: taken as they stand, and each of their typing errors told with the key that was meant.

Axolotl's own examples are looked for in `AXOLOTL_EXAMPLES`, else in the source distribution of the pinned version, if
the package index has it; our own are always there.
"""

import json
import os
import random
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from tests.schema.reading import OURS, configs_in, misspelt

from axo_api.axolotl.accepting import check_keys
from axo_api.axolotl.checking import problems_of
from axo_api.axolotl.config_schema import PINNED, config_schema
from axo_api.errors import Invalid
from axo_api.jobs.permission import Permission
from axo_api.settings import Settings
from axo_contracts.jobs import spec_from_json

TRAINER_PYTHON = os.environ.get("AXO_TRAINER_PYTHON", "")
RIGHT_SUGGESTIONS = 0.95
REFUSALS_OF_AXOLOTL = Path(__file__).parent / "programs" / "refusals_of_axolotl.py"


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the examples that Axolotl ships."""
    if given := os.environ.get("AXOLOTL_EXAMPLES"):
        return Path(given)
    folder = tmp_path_factory.mktemp("axolotl")
    download = ["download", "--quiet", "--no-deps", "--no-binary", "axolotl", "--ignore-requires-python"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", *download, "--dest", folder, f"axolotl=={PINNED}"],
        capture_output=True,
        check=False,
        timeout=200,
    )
    if done.returncode:
        pytest.skip("Axolotl's examples are not here: set AXOLOTL_EXAMPLES, or give pip a package index")
    with tarfile.open(folder / f"axolotl-{PINNED}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder / f"axolotl-{PINNED}" / "examples"


@pytest.mark.parametrize("name", [file.name for file in sorted(OURS.iterdir())])
def test_a_config_of_our_own_is_accepted_without_any_permission(name: str) -> None:
    config = configs_in(OURS)[name]

    check_keys(spec_from_json({"config": config}), Settings(), Permission())


def test_each_misspelt_key_of_our_own_is_refused_with_the_key_that_was_meant() -> None:
    assert len(configs_in(OURS)) >= 12
    assert _share_told_rightly(configs_in(OURS), most_of_each=1000) >= RIGHT_SUGGESTIONS


def test_a_misspelt_key_of_the_shipped_examples_is_refused_with_the_key_that_was_meant(shipped: Path) -> None:
    assert _share_told_rightly(configs_in(shipped), most_of_each=4) >= RIGHT_SUGGESTIONS


@pytest.mark.trainer
@pytest.mark.skipif(not TRAINER_PYTHON, reason="AXO_TRAINER_PYTHON names no Python with Axolotl")
def test_no_shipped_example_is_refused_for_what_axolotl_accepts(shipped: Path) -> None:
    examples = configs_in(shipped)
    assert len(examples) > 200
    refused = {name: why for name, config in examples.items() if (why := _refusal(config))}

    by_axolotl = _refusals_of_axolotl(shipped, list(refused))

    for name, fields in refused.items():
        assert all(field.removeprefix("config.") in (by_axolotl[name] or "") for field in fields), (name, fields)


def _share_told_rightly(configs: dict[str, dict[str, Any]], *, most_of_each: int) -> float:
    rng, schema = random.Random(4), config_schema()
    told = []
    for config in configs.values():
        before = {problem.where for problem in problems_of(config, schema)}
        copies = list(misspelt(config, schema, rng))
        for where, meant, changed in rng.sample(copies, min(most_of_each, len(copies))):
            new = [problem for problem in problems_of(changed, schema) if problem.where not in before]
            told.append(any(p.where == where and f"did you mean {meant!r}?" in p.sentence for p in new))
    return sum(told) / len(told)


def _refusal(config: dict[str, Any]) -> list[str]:
    try:
        check_keys(spec_from_json({"config": config}), Settings(), Permission(unsafe_code=True))
    except Invalid as error:
        return [problem["param"] for problem in error.errors]
    return []


def _refusals_of_axolotl(folder: Path, names: list[str]) -> dict[str, str | None]:
    done = subprocess.run(
        [TRAINER_PYTHON, REFUSALS_OF_AXOLOTL, folder, *names],
        capture_output=True,
        check=True,
        text=True,
        timeout=280,
    )
    refusals: dict[str, str | None] = json.loads(done.stdout.splitlines()[-1])
    return refusals
