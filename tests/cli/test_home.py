"""The folder of an embedded stack's state: other users of the host can reach nothing in it."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from axo_cli.embedded.home import Home
from axo_cli.errors import CliError


def test_a_home_that_is_made_is_for_its_owner_only(tmp_path: Path) -> None:
    home = Home(tmp_path / "above" / "home")

    home.create()

    assert _rights(home.path) == _rights(home.socket.parent) == 0o700


def test_a_home_that_is_there_keeps_its_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)

    Home(tmp_path).create()
    Home(tmp_path).create()

    assert _rights(tmp_path) == 0o750


@pytest.mark.parametrize(
    "prepare",
    [
        lambda folder: _make_open(folder),
        lambda folder: folder.symlink_to(folder.parent, target_is_directory=True),
        lambda folder: folder.symlink_to("nowhere"),
        lambda folder: folder.touch(mode=0o600),
    ],
    ids=["open to all", "a link to a folder", "a link to nothing", "a file"],
)
def test_a_socket_folder_that_somebody_else_could_have_prepared_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prepare: Callable[[Path], None]
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    home = Home(tmp_path / ("a-home-with-a-very-long-name-" * 5))
    assert home.socket.parent.parent == tmp_path
    prepare(home.socket.parent)

    with pytest.raises(CliError, match="is not a folder that is yours and closed to others"):
        home.create()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_socket_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    home = Home(tmp_path / ("a-home-with-a-very-long-name-" * 5))
    home.create()
    home.create()
    os.chown(home.socket.parent, 12345, 12345)

    with pytest.raises(CliError, match="is not a folder that is yours"):
        home.create()


def _make_open(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)


def _rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
