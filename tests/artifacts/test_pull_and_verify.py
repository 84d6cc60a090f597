"""A result is taken away whole or not at all, and every change to it is seen."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.artifacts.cutting_proxy import CuttingProxy
from tests.artifacts.trained import LARGE, SERVED, Trained, files_in

NOWHERE = "http://127.0.0.1:9"
CUT_AFTER = 700_000


@pytest.fixture
def pulled(trained: Trained, tmp_path: Path) -> Path:
    """A folder that the result was pulled into."""
    folder = tmp_path / "pulled"
    done = trained.axo("pull", trained.id, folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_pulled_result_is_whole_and_verified(trained: Trained, pulled: Path) -> None:
    verified = trained.axo("verify", pulled)
    again = json.loads(trained.axo("pull", "to-be-pulled", pulled, "--json").stdout)

    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "as it was signed by the key" in verified.stdout
    assert set(files_in(pulled)) == SERVED | {"manifest.json"}
    assert (pulled / "manifest.json").read_bytes() == trained.manifest()
    on_disk = files_in(trained.outputs)
    assert all(files_in(pulled)[path] == on_disk[path] for path in SERVED)
    assert (again["job"], again["files"]) == (trained.id, len(SERVED))


def test_a_result_is_verified_by_its_models_name_and_with_a_pinned_key(
    trained: Trained, pulled: Path, tmp_path: Path
) -> None:
    model = json.loads(trained.manifest())["manifest"]["model"]
    key = tmp_path / "key.pem"
    key.write_text(trained.stack.http.get("/v1/signing-key").json()["public_key"])

    by_name = trained.axo("verify", model, pulled)
    offline = trained.axo("verify", pulled, "--key", key, url=NOWHERE)

    assert by_name.returncode == 0, by_name.stderr
    assert offline.returncode == 0, offline.stderr


def test_a_key_of_somebody_else_verifies_nothing(trained: Trained, pulled: Path, tmp_path: Path) -> None:
    key = tmp_path / "other.pem"
    other = Ed25519PrivateKey.generate().public_key()
    key.write_bytes(other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    done = trained.axo("verify", pulled, "--key", key)

    assert (done.returncode, "signed by another key" in done.stderr) == (1, True)


def _change_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda folder: _change_a_byte(folder / LARGE), f"{LARGE}: has another content than was signed"),
        (lambda folder: (folder / LARGE).write_bytes(b"x"), f"{LARGE}: has 1 bytes instead of"),
        (lambda folder: (folder / "empty.txt").unlink(), "empty.txt: is missing"),
        (lambda folder: (folder / "tokenizer" / "new.py").touch(), "tokenizer/new.py: is not part of the result"),
        (lambda folder: _change_a_byte(folder / "manifest.json"), "is not as it was signed"),
    ],
    ids=["a byte", "the size", "a missing file", "an extra file", "a byte of the manifest"],
)
def test_every_change_is_seen_and_named(
    trained: Trained, pulled: Path, harm: Callable[[Path], object], says: str
) -> None:
    harm(pulled)

    done = trained.axo("verify", pulled)

    assert done.returncode == 1
    assert says in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_pull_over_a_connection_that_breaks_again_and_again_goes_on_where_it_was(
    trained: Trained, tmp_path: Path
) -> None:
    proxy = CuttingProxy(trained.stack.url, cut_after=CUT_AFTER)
    try:
        done = trained.axo("pull", trained.id, tmp_path / "pulled", url=proxy.url)
    finally:
        proxy.close()

    assert done.returncode == 0, done.stderr
    large = (trained.outputs / LARGE).stat().st_size
    assert proxy.cuts >= large // CUT_AFTER
    assert proxy.passed < 1.5 * large
    assert trained.axo("verify", tmp_path / "pulled").returncode == 0


def test_a_pull_without_room_leaves_nothing_that_looks_whole_and_goes_on_when_there_is_some(
    trained: Trained, tmp_path: Path
) -> None:
    folder = tmp_path / "pulled"

    full = trained.axo("pull", trained.id, folder, file_size_limit=1_000_000)

    assert full.returncode == 1
    assert "cannot be written" in full.stderr
    assert "Traceback" not in full.stderr
    left = set(files_in(folder))
    assert f"{LARGE}.part" in left
    assert not left & {LARGE, "manifest.json"}
    assert trained.axo("verify", folder).returncode != 0
    assert trained.axo("pull", trained.id, folder).returncode == 0
    assert trained.axo("verify", folder).returncode == 0


def test_a_file_that_was_damaged_on_the_service_is_not_taken(trained: Trained, tmp_path: Path) -> None:
    weights, kept = trained.outputs / LARGE, tmp_path / "kept"
    trained.manifest()
    shutil.copyfile(weights, kept)
    _change_a_byte(weights)
    try:
        done = trained.axo("pull", trained.id, tmp_path / "pulled")
    finally:
        shutil.copyfile(kept, weights)

    assert done.returncode == 1
    assert "the copy on the service was damaged" in done.stderr
    assert not {LARGE, f"{LARGE}.part", "manifest.json"} & set(files_in(tmp_path / "pulled"))


def test_a_folder_with_another_result_is_left_alone(trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")

    done = trained.axo("pull", trained.id, tmp_path)

    assert (done.returncode, "holds another result" in done.stderr) == (2, True)
    assert (tmp_path / "manifest.json").read_text() == "{}"
