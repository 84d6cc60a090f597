"""`trainer/install.py`: where the trainer goes, and what is done about half of one."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALLER = ROOT / "trainer" / "install.py"
LOCK = ROOT / "trainer" / "requirements.lock"


def where(**environment: str) -> Path:
    """Return the trainer's Python as the installer names it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AXO_", "XDG_"))}
    command = [sys.executable, str(INSTALLER), "--where"]
    asked = subprocess.run(command, capture_output=True, text=True, check=True, env={**kept, **environment})
    return Path(asked.stdout.strip())


def test_the_folder_is_named_by_the_locks_hash() -> None:
    key = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]

    assert where(AXO_CACHE="/somewhere") == Path(f"/somewhere/trainer-{key}/bin/python")
    assert where(XDG_CACHE_HOME="/xdg") == Path(f"/xdg/axo/trainer-{key}/bin/python")


def test_another_torch_is_another_folder() -> None:
    plain = where(AXO_CACHE="/somewhere")

    assert where(AXO_CACHE="/somewhere", AXO_TORCH_VERSION="2.12.0") != plain
    assert where(AXO_CACHE="/somewhere", AXO_TORCH_INDEX="https://example.org/cpu") != plain


def test_the_lock_names_exact_versions_and_no_place() -> None:
    lines = LOCK.read_text().splitlines()

    assert all(line.count("==") == 1 for line in lines)
    assert not any(mark in line for line in lines for mark in ("@", "+", "/", ";"))
    assert "axolotl==0.21.0" in lines


def test_a_whole_installation_is_kept(tmp_path: Path) -> None:
    (tmp_path / "trainer").mkdir()
    (tmp_path / "trainer" / ".complete").touch()

    done = _install(tmp_path / "trainer", LOCK)

    assert done.stdout.strip() == str(tmp_path / "trainer" / "bin" / "python")
    assert done.stderr == ""


@pytest.mark.timeout(120)
def test_half_an_installation_is_made_anew_and_a_failed_one_is_not_taken_for_whole(tmp_path: Path) -> None:
    target, requirements = tmp_path / "trainer", tmp_path / "impossible.lock"
    (target / "bin").mkdir(parents=True)
    (target / "bin" / "left-by-a-crash").touch()
    requirements.write_text("axolotl==0\ntorch==0+no-such-version\n")

    done = _install(target, requirements)

    assert done.returncode == 1
    assert "Removing an unfinished installation" in done.stderr
    assert "The trainer could not be installed" in done.stderr
    assert not (target / "bin" / "left-by-a-crash").exists()
    assert not (target / ".complete").exists()


def _install(target: Path, requirements: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(INSTALLER), "--into", str(target), "--requirements", str(requirements)]
    environment = {**os.environ, "PIP_NO_INDEX": "1"}  # what cannot be found is not looked for on the network
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
