"""The schema that is kept is what the installed Axolotl says."""

import os
import subprocess
from pathlib import Path

import pytest

from axo_api.axolotl.config_schema import PINNED, schema_text, versions

TRAINER_PYTHON = os.environ.get("AXO_TRAINER_PYTHON", "")
ROOT = Path(__file__).parents[2]


def test_the_pinned_version_is_the_one_that_the_trainer_has() -> None:
    assert f"axolotl=={PINNED}" in (ROOT / "trainer" / "requirements.in").read_text()
    assert PINNED in versions()


@pytest.mark.trainer
@pytest.mark.skipif(not TRAINER_PYTHON, reason="AXO_TRAINER_PYTHON names no Python with Axolotl")
def test_the_script_exports_what_is_kept(tmp_path: Path) -> None:
    subprocess.run(
        [TRAINER_PYTHON, ROOT / "scripts" / "export_axolotl_schema.py", tmp_path],
        check=True,
        capture_output=True,
        timeout=120,
    )

    assert (tmp_path / f"axolotl-{PINNED}.json").read_text() == schema_text(PINNED)
