"""What a spec names has to exist, where that can be known when it is submitted."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api.hub_server import HubServer
from tests.api_process import SPEC, ApiProcess
from tests.loopback_server import running

from axo_api.errors import Invalid
from axo_api.jobs.existence import Existence
from axo_api.jobs.permission import Permission
from axo_api.settings import HubSettings, Settings
from axo_contracts.jobs import spec_from_json

ROW = {"messages": [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}]}
PATIENCE_SECONDS = 3.0


@pytest.fixture(scope="module")
def hub() -> Iterator[HubServer]:
    """A hub that answers."""
    with running(HubServer()) as hub:
        yield hub


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, hub: HubServer) -> Iterator[ApiProcess]:
    """A control plane that asks the hub, and allows one folder."""
    api = ApiProcess(tmp_path_factory.mktemp("api"))
    allowed = api.home / "allowed"
    (allowed / "model").mkdir(parents=True)
    (allowed / "model" / "config.json").write_text("{}")
    (allowed / "no-model").mkdir()
    (allowed / "rows.jsonl").write_text(json.dumps(ROW))
    (allowed / "way-out").symlink_to("/etc")
    (allowed / "endless").symlink_to(allowed / "endless")
    api.settings |= {
        "AXO_ALLOWED_ROOTS": json.dumps([str(allowed)]),
        "AXO_HUB__CHECK": "true",
        "AXO_HUB__ENDPOINT": hub.url,
        "AXO_HUB__TIMEOUT_SECONDS": str(PATIENCE_SECONDS),
    }
    api.start()
    yield api
    api.close()


def submit(api: ApiProcess, **fields: Any) -> httpx.Response:
    """Submit a job."""
    return httpx.post(f"{api.url}/v1/jobs", json=SPEC | fields, timeout=60)


def data(**source: Any) -> dict[str, Any]:
    """Return the field of a spec that names a data set."""
    return {"datasets": [{"source": source}]}


EXISTS = {
    "a model on the hub": {"base_model": "org/model"},
    "a revision of it": {"base_model": "org/model", "base_model_revision": "main"},
    "a revision with a slash": {"base_model": "org/model", "base_model_revision": "refs/pr/1"},
    "a data set on the hub": data(type="hub", repo_id="org/data", revision="main"),
    "a model that a sick hub does not tell about": {"base_model": "org/sick"},
    "a model's folder": {"base_model": "{allowed}/model"},
    "a file": data(type="path", path="{allowed}/rows.jsonl"),
}


@pytest.mark.parametrize("fields", EXISTS.values(), ids=EXISTS.keys())
def test_what_exists_is_taken(api: ApiProcess, fields: dict[str, Any]) -> None:
    answer = submit(api, **_allowed(api, fields))

    assert answer.status_code == 201, answer.text


MISSING = {
    "a model that the hub has not": ({"base_model": "org/gone"}, "base_model", "'org/gone'"),
    "a model behind a gate": ({"base_model": "org/gated"}, "base_model", "not public"),
    "a model that is forbidden": ({"base_model": "org/forbidden"}, "base_model", "not public"),
    "a revision that it has not": (
        {"base_model": "org/model", "base_model_revision": "../../x"},
        "base_model",
        "revision '../../x'",
    ),
    "a data set that the hub has not": (
        data(type="hub", repo_id="org/gone"),
        "datasets.0.source.repo_id",
        "'org/gone'",
    ),
    "a second data set": (
        {"validation_datasets": [{"source": {"type": "hub", "repo_id": "org/gone"}}]},
        "validation_datasets.0.source.repo_id",
        "'org/gone'",
    ),
    "a name that is none": ({"base_model": "org / model"}, "base_model", "neither a name on the hub"),
    "a model outside": ({"base_model": "/etc"}, "base_model", "outside of the allowed folders"),
    "a model by a way out": ({"base_model": "{allowed}/../x"}, "base_model", "outside of the allowed folders"),
    "a file by a link out": (
        data(type="path", path="{allowed}/way-out/passwd"),
        "datasets.0.source.path",
        "outside of the allowed folders",
    ),
    "a folder without a config": ({"base_model": "{allowed}/no-model"}, "base_model", "it has no config.json"),
    "a folder that there is not": ({"base_model": "{allowed}/nowhere"}, "base_model", "it has no config.json"),
    "a file that there is not": (data(type="path", path="{allowed}/x"), "datasets.0.source.path", "is no file"),
    "a folder for a file": (data(type="path", path="{allowed}"), "datasets.0.source.path", "is no file"),
    "a name over every disk's limit": (
        data(type="path", path="{allowed}/" + "a" * 300),
        "datasets.0.source.path",
        "is no file",
    ),
    "a link to itself": (data(type="path", path="{allowed}/endless"), "datasets.0.source.path", "is no file"),
    "a file that nobody uploaded": (
        data(type="file", file_id="file-00000000000000000000000000"),
        "datasets.0.source.file_id",
        "there is no file",
    ),
}


@pytest.mark.parametrize(("fields", "param", "words"), MISSING.values(), ids=MISSING.keys())
def test_what_does_not_exist_is_refused_at_submit(
    api: ApiProcess, fields: dict[str, Any], param: str, words: str
) -> None:
    answer = submit(api, **_allowed(api, fields))

    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert error["param"] == param
    assert words in error["message"]


async def test_what_was_permitted_to_one_is_not_remembered_for_another(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    existence = Existence(Settings(allowed_roots=[tmp_path / "allowed"], hub=HubSettings(check=False)))
    spec = spec_from_json(SPEC | {"kind": "train", "base_model": str(outside)})

    await existence.check(spec, Permission(unsafe_code=True))

    with pytest.raises(Invalid, match="outside of the allowed folders"):
        await existence.check(spec, Permission())
    await existence.close()


def test_a_hub_that_is_slow_costs_its_time_limit_and_no_more(api: ApiProcess) -> None:
    started = time.monotonic()

    answer = submit(api, base_model="org/slow")

    assert answer.status_code == 201
    assert PATIENCE_SECONDS <= time.monotonic() - started < PATIENCE_SECONDS + 15


def test_a_hub_that_is_down_is_no_reason_to_refuse(tmp_path: Path) -> None:
    api = ApiProcess(tmp_path)
    api.settings |= {"AXO_HUB__CHECK": "true", "AXO_HUB__ENDPOINT": "http://127.0.0.1:9"}
    api.start()

    answer = submit(api)

    api.close()
    assert answer.status_code == 201


def test_a_file_with_bad_rows_is_refused_with_the_first_of_them(api: ApiProcess) -> None:
    file_id = _upload(api, json.dumps(ROW) + '\n{"messages": []}\n')

    answer = submit(api, **data(type="file", file_id=file_id))

    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["param"] == "datasets.0.source.file_id"
    assert "row 2" in error["message"]
    assert f"/v1/files/{file_id}/report" in error["message"]


def test_a_file_without_bad_rows_is_taken(api: ApiProcess) -> None:
    file_id = _upload(api, json.dumps(ROW) + "\n")

    assert submit(api, **data(type="file", file_id=file_id)).status_code == 201


def _upload(api: ApiProcess, content: str) -> str:
    answer = httpx.post(
        f"{api.url}/v1/files", files={"file": ("rows.jsonl", content.encode())}, data={"purpose": "fine-tune"}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _allowed(api: ApiProcess, fields: dict[str, Any]) -> dict[str, Any]:
    allowed: dict[str, Any] = json.loads(json.dumps(fields).replace("{allowed}", str(api.home / "allowed")))
    return allowed
