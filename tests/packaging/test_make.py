"""The Makefile, and the scripts behind it."""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = {"help", "install", "trainer", "demo", "up", "test", "check", "lock", "bench", "faults"}
STAMPED = {"packages": "requirements.lock", "project": "pyproject.toml"}


def test_help_names_every_target() -> None:
    shown = subprocess.run(["make", "-C", ROOT, "help"], capture_output=True, text=True, check=True).stdout

    assert set(re.findall(r"^ +make ([a-z]+) ", shown, re.MULTILINE)) == TARGETS


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what installing reads, so that no test touches the environment that it runs in."""
    (tmp_path / "scripts").mkdir()
    for name in ("requirements.lock", "pyproject.toml", "scripts/install.sh"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_a_second_install_does_nothing(checkout: Path) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to(sys.executable)
    lines = [f"{what} {_hash(checkout / name)}\n" for what, name in STAMPED.items()]
    (checkout / ".venv" / ".complete").write_text("".join(lines))

    done = _install(checkout, PYTHON="no-such-python")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_python_that_is_too_old_or_missing_is_told_with_the_way_out(checkout: Path) -> None:
    done = _install(checkout, PYTHON="no-such-python")

    assert done.returncode == 1
    assert "axo needs Python 3.11 or newer; none was found as: no-such-python." in done.stderr
    assert "make install PYTHON=" in done.stderr


def test_the_service_lock_has_every_declared_dependency() -> None:
    locked = {_normal(line.split("==")[0]) for line in (ROOT / "requirements.lock").read_text().splitlines()}
    declared = re.findall(r'"([A-Za-z][\w-]*)(?:\[\w+\])?(?:>=[\d.]+)?(?:; [^"]*)?"', _dependency_tables())

    assert declared
    assert {_normal(name) for name in declared} <= locked


def _dependency_tables() -> str:
    text = (ROOT / "pyproject.toml").read_text()
    project, extras = text.index("dependencies = ["), text.index("[project.scripts]")
    return text[project:extras]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _install(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(checkout / "scripts" / "install.sh")]
    environment = {"PATH": "/usr/bin:/bin", **environment}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
