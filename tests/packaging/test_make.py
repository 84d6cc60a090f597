"""The Makefile, and the scripts behind it."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
TARGETS = {"help", "install", "trainer", "demo", "up", "test", "check", "lock", "bench", "faults"}


def test_help_names_every_target() -> None:
    shown = subprocess.run(["make", "-C", ROOT, "help"], capture_output=True, text=True, check=True).stdout

    assert set(re.findall(r"^ +make ([a-z]+) ", shown, re.MULTILINE)) == TARGETS


def test_a_second_install_does_nothing() -> None:
    subprocess.run([ROOT / "scripts" / "install.sh"], check=True)
    stamp = (ROOT / ".venv" / ".complete").stat()

    again = subprocess.run([ROOT / "scripts" / "install.sh"], capture_output=True, text=True, check=True)

    assert (again.stdout, again.stderr) == ("", "")
    assert (ROOT / ".venv" / ".complete").stat() == stamp


def test_a_python_that_is_too_old_or_missing_is_told_with_the_way_out(tmp_path: Path) -> None:
    copy = tmp_path / "checkout"
    (copy / "scripts").mkdir(parents=True)
    for name in ("requirements.lock", "pyproject.toml", "scripts/install.sh"):
        (copy / name).write_bytes((ROOT / name).read_bytes())

    done = subprocess.run(
        ["bash", copy / "scripts" / "install.sh"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHON": "no-such-python"},
    )

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
