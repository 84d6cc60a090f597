"""Whole Axolotl configs, and Axolotl's keys beside a typed spec, over HTTP."""

from typing import Any

import httpx
import pytest
import yaml
from tests.api.control_plane import ControlPlane
from tests.api.databases import on_both_databases
from tests.api.standin_worker import StandInWorker
from tests.api_process import SPEC
from tests.waiting import wait_for

CONFIG = """
base_model: org/model
datasets:
  - path: org/data
    type: alpaca
adapter: lora
lora_r: 8
learning_rate: 1e-4
output_dir: ./outputs
micro_batch_size: 1
"""
YAML = {"Content-Type": "application/yaml"}
ROWS = b'{"messages": [{"role": "user", "content": "1?"}, {"role": "assistant", "content": "1!"}]}\n'


def submit_yaml(plane: ControlPlane, text: str, **query: Any) -> httpx.Response:
    """Submit a config as the body itself."""
    return plane.http.post("/v1/jobs", content=text, params=query, headers=YAML)


@on_both_databases
def test_a_config_is_queued_as_yaml_as_text_and_as_an_object_alike(plane: ControlPlane) -> None:
    as_body = submit_yaml(plane, CONFIG, name="whole", priority=3, gpus=0)
    beside = {"name": "whole", "priority": 3, "resources": {"gpus": 0}}
    as_text = plane.http.post("/v1/jobs", json={"config": CONFIG} | beside)
    as_object = plane.http.post("/v1/jobs", json={"kind": "train", "config": yaml.safe_load(CONFIG)} | beside)

    assert [answer.status_code for answer in (as_body, as_text, as_object)] == [201, 201, 201], as_body.text
    job = as_body.json()
    assert job["spec"] == as_text.json()["spec"] == as_object.json()["spec"]
    assert (job["name"], job["priority"], job["spec"]["resources"]["gpus"]) == ("whole", 3, 0)
    assert job["spec"]["config"]["learning_rate"] == "1e-4"


@pytest.mark.parametrize("media_type", ["text/yaml", "application/x-yaml; charset=utf-8", "Application/YAML"])
def test_yaml_goes_by_several_names(plane: ControlPlane, media_type: str) -> None:
    answer = plane.http.post("/v1/jobs", content=CONFIG, headers={"Content-Type": media_type})

    assert answer.status_code == 201, answer.text


def test_the_config_of_the_run_has_axos_folders_and_what_the_device_decides_where_it_was_open(
    plane: ControlPlane, worker: StandInWorker
) -> None:
    job = submit_yaml(plane, CONFIG + "bf16: false\nlora_mlp_kernel: false\nsample_packing: true\n").json()
    wait_for(lambda: plane.http.get(f"/v1/jobs/{job['id']}").json()["attempt"] == 1, "its first attempt")

    config = yaml.safe_load(plane.http.get(f"/v1/jobs/{job['id']}/config").text)

    assert config["output_dir"] == "outputs"
    assert config["dataset_prepared_path"] == "prepared"
    assert config["learning_rate"] == "1e-4"
    assert config["lora_qkv_kernel"] is False
    assert config["attn_implementation"] == "sdpa"


def test_an_upload_takes_the_place_of_a_path(plane: ControlPlane) -> None:
    uploaded = plane.http.post("/v1/files", files={"file": ("rows.jsonl", ROWS)}, data={"purpose": "fine-tune"}).json()

    job = submit_yaml(plane, CONFIG.replace("org/data", uploaded["id"])).json()
    config = yaml.safe_load(plane.http.get(f"/v1/jobs/{job['id']}/config").text)

    assert config["datasets"] == [
        {"path": f"inputs/{uploaded['id']}.jsonl", "type": "alpaca", "ds_type": "json", "split": "train"}
    ]


def test_keys_of_axolotl_go_over_what_a_typed_spec_means(plane: ControlPlane, worker: StandInWorker) -> None:
    keys = {"optimizer": "came_pytorch", "tf32": True, "neftune_noise_alpha": 5}
    job = plane.http.post("/v1/jobs", json=SPEC | {"axolotl": keys}).json()
    wait_for(lambda: plane.http.get(f"/v1/jobs/{job['id']}").json()["attempt"] == 1, "its first attempt")

    config = yaml.safe_load(plane.http.get(f"/v1/jobs/{job['id']}/config").text)

    assert job["spec"]["axolotl"] == keys
    assert keys.items() <= config.items()


REFUSED = {
    "a misspelt key": ("lora_rr: 8\n", "config.lora_rr", "did you mean 'lora_r'?"),
    "a wrong type": ("num_epochs: many\n", "config.num_epochs", '"many" is not a number'),
    "code": ("trust_remote_code: true\n", "config.trust_remote_code", "AXO_UNSAFE_CODE"),
    "resuming by itself": ("resume_from_checkpoint: x\n", "config.resume_from_checkpoint", "from_checkpoint"),
    "a key twice": ("lora_r: 16\n", "config", "line 11: the key 'lora_r' is there already, in line 7"),
    "no YAML": ("a: [\n", "config", "not YAML"),
    "infinity": ("weight_decay: .inf\n", "config", "weight_decay is inf"),
    "a file that is not there": (
        "test_datasets: [{path: file-00000000000000000000000000}]\n",
        "config.test_datasets.0.path",
        "there is no file",
    ),
}


@on_both_databases
@pytest.mark.parametrize(("more", "param", "mend"), REFUSED.values(), ids=REFUSED.keys())
def test_a_config_is_refused_with_the_key_and_the_mend(plane: ControlPlane, more: str, param: str, mend: str) -> None:
    answer = submit_yaml(plane, CONFIG + more)

    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert error["param"] == param
    assert mend in error["message"]


def test_a_config_as_json_is_refused_alike(plane: ControlPlane) -> None:
    text = plane.http.post("/v1/jobs", json={"config": "a: 1\na: 2\n"}).json()["error"]
    no_model = plane.http.post("/v1/jobs", json={"config": {"datasets": []}}).json()["error"]
    both = plane.http.post("/v1/jobs", json=SPEC | {"config": CONFIG}).json()["error"]
    misspelt = submit_yaml(plane, CONFIG, nmae="x").json()["error"]

    assert (text["param"], "line 2: the key 'a' is there already" in text["message"]) == ("config", True)
    assert (no_model["param"], "it names no base_model" in no_model["message"]) == ("config", True)
    assert "base_model is said twice" in both["message"]
    assert (misspelt["param"], "did you mean 'name'?" in misspelt["message"]) == ("nmae", True)


def test_a_typed_spec_is_told_of_wrong_keys_of_axolotl_all_at_once(plane: ControlPlane) -> None:
    keys = {"learning_rat": 1, "output_dir": "/", "plugins": ["mine.Plugin"], "lora_dropout": "much"}

    error = plane.http.post("/v1/jobs", json=SPEC | {"axolotl": keys}).json()["error"]

    told = {problem["param"] for problem in error["errors"]}
    assert told == {"axolotl.output_dir", "axolotl.plugins.0", "axolotl.lora_dropout"}
    assert "and 2 more" in error["message"]


def test_a_job_of_a_config_is_retried_with_the_same_config(plane: ControlPlane) -> None:
    job = submit_yaml(plane, CONFIG).json()
    plane.http.post(f"/v1/jobs/{job['id']}/cancel")

    again = plane.http.post(f"/v1/jobs/{job['id']}/retry").json()

    assert again["spec"] == job["spec"]


def test_the_schema_is_served_with_a_tag_to_ask_again_by(plane: ControlPlane) -> None:
    answer = plane.http.get("/v1/schema")
    again = plane.http.get("/v1/schema", headers={"If-None-Match": answer.headers["etag"]})
    other = plane.http.get("/v1/schema", params={"version": "0.1.0"})

    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.json()["properties"]["sample_packing"]["description"]
    assert answer.json() == plane.http.get("/v1/schema", params={"version": "0.21.0"}).json()
    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 404
    assert "there is 0.21.0" in other.json()["error"]["message"]
