"""The model card that a push takes to a hub: the result's own, unless a hub would refuse it."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml
from tests.kinds.push_hub import TOKEN, PushHub
from tests.loopback_server import running

import axo_worker
from axo_contracts.trainer_plugin import PLUGIN, TASKS

TRAINER_PYTHON = os.environ.get("AXO_TRAINER_PYTHON", "")

pytestmark = [
    pytest.mark.trainer,
    pytest.mark.skipif(not TRAINER_PYTHON, reason="AXO_TRAINER_PYTHON names no Python with huggingface_hub"),
]


@pytest.mark.parametrize(("base", "is_kept"), [("/srv/models/tiny", False), ("org/tiny", True)], ids=["path", "hub"])
def test_a_card_that_names_a_path_is_replaced_because_hubs_refuse_it(tmp_path: Path, base: str, is_kept: bool) -> None:
    card = f"---\nbase_model: {base}\n---\n# What the trainer wrote\n".encode()
    config = _result(tmp_path, {"README.md": card, "adapter_model.safetensors": b"weights"}, base)

    with running(PushHub()) as hub:
        ran = _run(tmp_path, config, hub.url)
        files = hub.repositories["me/kept"].files

    assert ran.returncode == 0, ran.stderr
    assert files.keys() == {"README.md", "adapter_model.safetensors", "manifest.json"}
    assert (files["README.md"] == card) is is_kept
    assert (b"base_model: org/tiny" in files["README.md"]) is is_kept
    assert json.loads((tmp_path / "outputs" / "push.json").read_text())["to"] == "hf://me/kept"


def _result(folder: Path, files: dict[str, bytes], base: str) -> Path:
    """Lay a result with its manifest, and return the config of a push of it."""
    result = folder / "result"
    for place in (result, folder / "outputs"):
        place.mkdir()
    told = []
    for name, content in files.items():
        (result / name).write_bytes(content)
        told.append({"path": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})
    (folder / "manifest.json").write_text(json.dumps({"manifest": {"outputs": {"files": told}}}))
    weights = {"name": "ft:kept", "called": base, "base": base, "revision": None, "adapter": str(result)}
    config = folder / "config.yaml"
    settings = {"kind": "push", "seed": 1, "output_dir": "outputs", "to": "hf://me/kept", "private": True}
    settings |= {"job_id": "ftjob-1", "manifest": "manifest.json", "models": {"model": weights}}
    config.write_text(yaml.safe_dump({**settings, "pickles": {"suffixes": [".bin"], "names": []}}))
    return config


def _run(folder: Path, config: Path, hub: str) -> subprocess.CompletedProcess[str]:
    """Run the task as a worker does."""
    worker = Path(str(axo_worker.__file__)).parent
    (folder / "python").mkdir()
    for name, package in ((PLUGIN, "trainer_plugin"), (TASKS, "tasks")):
        (folder / "python" / name).symlink_to(worker / package)
    environment = {"PYTHONPATH": str(folder / "python"), "HF_HOME": str(folder / "hf"), "HF_ENDPOINT": hub}
    environment |= {"HF_TOKEN": TOKEN, "HF_HUB_DISABLE_XET": "1", "PATH": os.defpath}
    command = [TRAINER_PYTHON, "-m", TASKS, config.name]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
