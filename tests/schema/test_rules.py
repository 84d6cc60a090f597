"""Which keys are axo's own, and which reach out of the job."""

from pathlib import Path
from typing import Any

import pytest

from axo_api.axolotl.accepting import check_keys
from axo_api.axolotl.config_schema import config_schema
from axo_api.axolotl.rules import REACHES, RESERVED, STAY_INSIDE
from axo_api.callers import LOCAL
from axo_api.errors import Invalid
from axo_api.jobs.permission import Permission, permission_of
from axo_api.settings import Settings
from axo_contracts.jobs import spec_from_json

LIGER = "axolotl.integrations.liger.LigerPlugin"
REACHING_WORDS = ("path", "_dir", "host", "_url", "_uri", "_cls", "_func", "remote_code", "api_key", "hub")
HARMLESS = {
    "hub_strategy": "says how, once hub_model_id is allowed",
    "hub_revision": "says how, once hub_model_id is allowed",
    "ring_attn_func": "one of a fixed set",
    "nemo_gym_dir": "read by a plugin that needs the permission itself",
    "nemo_gym_config_paths": "read by a plugin that needs the permission itself",
}


def whole(**config: Any) -> dict[str, Any]:
    """Return a spec of a whole config."""
    return {"config": {"base_model": "org/model", "datasets": [{"path": "org/data", "type": "alpaca"}]} | config}


def refusals(spec: dict[str, Any], permission: Permission | None = None, **settings: Any) -> dict[str, str]:
    """Return what is refused of a spec, by field; `permission` is by default that of everybody without keys."""
    try:
        permission = permission or permission_of(LOCAL, Settings(**settings))
        check_keys(spec_from_json(spec), Settings(**settings), permission)
    except Invalid as error:
        return {problem["param"]: problem["message"] for problem in error.errors}
    return {}


def data(**entry: Any) -> dict[str, Any]:
    """Return keys with one data set."""
    return {"datasets": [{"type": "alpaca"} | entry]}


REACHING: dict[str, tuple[dict[str, Any], str]] = {
    "a plugin of one's own": ({"plugins": ["mine.Plugin"]}, "plugins.0"),
    "a plugin that starts servers": ({"plugins": ["axolotl.integrations.nemo_gym.NemoGymPlugin"]}, "plugins.0"),
    "a trainer's class": ({"trainer_cls": "mine.Trainer"}, "trainer_cls"),
    "code of the model": ({"trust_remote_code": True}, "trust_remote_code"),
    "code of a data set": (data(path="org/data", trust_remote_code=True), "datasets.0.trust_remote_code"),
    "code hidden in free arguments": (
        {"model_quantization_config_kwargs": {"trust_remote_code": True}},
        "model_quantization_config_kwargs.trust_remote_code",
    ),
    "a reward function": ({"trl": {"reward_funcs": ["rewards.length"]}}, "trl.reward_funcs.0"),
    "a rollout function": ({"trl": {"rollout_func": "rollouts.mine"}}, "trl.rollout_func"),
    "a module that reads rows": (data(path="org/data", type="mine.load"), "datasets.0.type"),
    "a class of configs": ({"cls_model_config": "mine.Config"}, "cls_model_config"),
    "a kernel of the hub": ({"attn_implementation": "someone/kernel"}, "attn_implementation"),
    "a local model": ({"base_model": "/etc"}, "base_model"),
    "a model above": ({"base_model": "../model"}, "base_model"),
    "a local tokenizer": ({"tokenizer_config": "./tokenizer"}, "tokenizer_config"),
    "local rows": (data(path="./rows.jsonl"), "datasets.0.path"),
    "rows of the host": (data(path="/etc/passwd"), "datasets.0.path"),
    "rows above": (data(path="../../rows"), "datasets.0.path"),
    "rows at an address": (data(path="https://example.com/rows.jsonl"), "datasets.0.path"),
    "rows in a bucket": (data(path="s3://bucket/rows.jsonl"), "datasets.0.path"),
    "files of the host": (data(path="json", data_files=["/etc/passwd"]), "datasets.0.data_files"),
    "files beside the run": (data(path="json", data_files="rows.jsonl"), "datasets.0.data_files"),
    "files above a repository": (data(path="org/data", data_files="../../rows"), "datasets.0.data_files"),
    "files at an address": (data(path="json", data_files="https://example.com/rows"), "datasets.0.data_files"),
    "files of the host beside a repository": (
        data(path="org/data", data_files="file:/etc/x.json"),
        "datasets.0.data_files",
    ),
    "files of the host by another word": (data(path="org/data", data_files="local:/x"), "datasets.0.data_files"),
    "files at an address through a cache": (
        data(path="org/data", data_files=["rows.jsonl", "simplecache::http://h/x"]),
        "datasets.0.data_files",
    ),
    "a template's path": ({"chat_template_jinja": "/etc/passwd"}, "chat_template_jinja"),
    "a template's name": ({"chat_template_jinja": "chat.jinja"}, "chat_template_jinja"),
    "a deepspeed config": ({"deepspeed": "deepspeed_configs/zero1.json"}, "deepspeed"),
    "a path in a deepspeed config": (
        {"deepspeed": {"zero_optimization": {"offload_param": {"nvme_path": "/data"}}}},
        "deepspeed.zero_optimization.offload_param.nvme_path",
    ),
    "a push to the hub": ({"hub_model_id": "me/model"}, "hub_model_id"),
    "a tracking server": ({"mlflow_tracking_uri": "file:///data"}, "mlflow_tracking_uri"),
    "a server inside": ({"trl": {"vllm_server_host": "10.0.0.1"}}, "trl.vllm_server_host"),
    "processes of its own": ({"use_ray": True}, "use_ray"),
    "a trigger elsewhere": (
        {"dynamic_checkpoint": {"trigger_file_path": "/tmp/x"}},
        "dynamic_checkpoint.trigger_file_path",
    ),
}


@pytest.mark.parametrize(("config", "field"), REACHING.values(), ids=REACHING.keys())
def test_what_reaches_out_of_the_job_needs_the_permission(config: dict[str, Any], field: str) -> None:
    refused = refusals(whole(**config))

    assert list(refused) == [f"config.{field}"]
    assert "unsafe_code" in refused[f"config.{field}"]
    assert "AXO_UNSAFE_CODE" in refused[f"config.{field}"]
    assert refusals(whole(**config), unsafe_code=True) == {}


STAYING: dict[str, dict[str, Any]] = {
    "nothing": {},
    "axolotl's own plugins": {"plugins": [LIGER], "liger_rope": True},
    "what is said to be off": {"trust_remote_code": False, "hub_model_id": None, "plugins": []},
    "an upload": data(path="file-00000000000000000000000001"),
    "uploads for a loader": data(path="json", data_files=["file-00000000000000000000000001"]),
    "files within a repository": data(path="org/data", data_files="data/train.jsonl.zst"),
    "patterns within a repository": data(path="org/data", data_files=["data/**/train-*.parquet", "v[0-9]/*.jsonl"]),
    "a template itself": {"chat_template_jinja": "{% for m in messages %}{{ m.content }}{% endfor %}"},
    "a deepspeed config itself": {"deepspeed": {"zero_optimization": {"stage": 2}}},
    "a reward model": {"trl": {"reward_funcs": ["org/reward"]}},
    "a prompt that begins like a path": data(path="org/data", type={"system_prompt": "/think", "format": "{input}"}),
}


@pytest.mark.parametrize("config", STAYING.values(), ids=STAYING.keys())
def test_what_stays_inside_needs_no_permission(config: dict[str, Any]) -> None:
    assert refusals(whole(**config)) == {}


def test_a_path_that_is_no_text_is_refused_as_that() -> None:
    listed = whole(**data(path=["org/data"]))

    assert "is not text" in refusals(listed)["config.datasets.0.path"]
    assert list(spec_from_json(listed).sources()) == []


def test_a_path_below_an_allowed_folder_needs_no_permission_and_a_link_out_of_it_does(tmp_path: Path) -> None:
    allowed, outside = tmp_path / "allowed", tmp_path / "outside"
    allowed.mkdir()
    outside.mkdir()
    (allowed / "link").symlink_to(outside)

    inside = refusals(whole(**data(path=f"{allowed}/rows.jsonl")), allowed_roots=[allowed])
    linked = refusals(whole(**data(path=f"{allowed}/link/rows.jsonl")), allowed_roots=[allowed])

    assert inside == {}
    assert str(allowed) in linked["config.datasets.0.path"]


INTO_STORAGE = {
    "an adapter": ("lora_model_dir", "{storage}/jobs/1/outputs"),
    "a model by a link": ("base_model", "{link}/jobs/1/outputs"),
    "a tokenizer by a way around": ("tokenizer_config", "{storage}/../storage/jobs/1/outputs"),
    "a template": ("chat_template_jinja", "{storage}/jobs/1/outputs/chat_template.jinja"),
    "a deepspeed config": ("deepspeed", "{storage}/jobs/1/zero.json"),
    "rows": ("bench_dataset", "{storage}/jobs/1/inputs/rows.jsonl"),
    "rows by a pattern": ("bench_dataset", "{storage}/../stor*/jobs/**/*.jsonl"),
}


@pytest.mark.parametrize(("key", "path"), INTO_STORAGE.values(), ids=INTO_STORAGE.keys())
def test_a_path_into_the_storage_is_for_admins_even_below_an_allowed_folder(
    tmp_path: Path, key: str, path: str
) -> None:
    storage, link = tmp_path / "storage", tmp_path / "link"
    (storage / "jobs").mkdir(parents=True)
    link.symlink_to(storage)
    config = whole(**{key: path.format(storage=storage, link=link)})
    settings = {"allowed_roots": ["/"], "storage_root": storage}

    refused = refusals(config, Permission(), **settings)

    assert list(refused) == [f"config.{key}"]
    assert "what lies in the storage has owners" in refused[f"config.{key}"]
    assert refusals(config, Permission(into_storage=True), **settings) == {}


def test_what_lies_beside_the_storage_is_for_everybody(tmp_path: Path) -> None:
    settings = {"allowed_roots": [tmp_path], "storage_root": tmp_path / "storage"}
    beside = {"lora_model_dir": f"{tmp_path}/storage-of-models/a", "bench_dataset": f"{tmp_path}/rows/v[12]/*.jsonl"}

    assert refusals(whole(**beside), Permission(), **settings) == {}


TYPED = {"base_model": "org/model", "datasets": [{"source": {"type": "hub", "repo_id": "org/data"}}]}


@pytest.mark.parametrize("key", RESERVED)
def test_a_key_that_axo_decides_is_refused_in_a_typed_spec_with_the_reason(key: str) -> None:
    value = config_schema().properties[key].get("default")

    refused = refusals(TYPED | {"axolotl": {key: value}})

    assert RESERVED[key].reason in refused[f"axolotl.{key}"]


def test_what_resources_says_is_not_said_again() -> None:
    refused = refusals(TYPED | {"resources": {"precision": "bf16"}, "axolotl": {"fp16": True}})

    assert "resources.precision says it already" in refused["axolotl.fp16"]


def test_a_whole_config_may_have_output_folders_and_no_checkpoint_to_resume() -> None:
    usual = {"output_dir": "./out", "dataset_prepared_path": None, "auto_resume_from_checkpoints": True}

    assert refusals(whole(**usual, resume_from_checkpoint=None, local_rank=None)) == {}


def test_a_whole_config_cannot_resume_by_itself_or_list_our_plugin() -> None:
    refused = refusals(
        whole(resume_from_checkpoint="/out/checkpoint-4", plugins=["axo_trainer_plugin.plugin.AxoPlugin"])
    )

    assert "/retry" in refused["config.resume_from_checkpoint"]
    assert "axo lists its own plugin itself" in refused["config.plugins.0"]


def test_every_rule_is_about_a_key_that_there_is() -> None:
    schema = config_schema()
    for path in (*RESERVED, *(path for path in REACHES if not path.startswith("**"))):
        node: dict[str, Any] = {"properties": schema.properties}
        for part in path.split("."):
            members = schema.members(node)
            node = members.items or {} if part == "*" else members.names[part]
    assert schema.plugins.keys() >= STAY_INSIDE


def test_every_key_whose_name_says_that_it_reaches_out_is_judged() -> None:
    schema = config_schema()
    judged = {path.split(".")[-1] for path in REACHES} | RESERVED.keys() | HARMLESS.keys()

    named = {key for key in schema.properties if any(word in key for word in REACHING_WORDS)}

    assert sorted(named - judged) == []
    assert named >= HARMLESS.keys()


def test_what_an_integration_says_is_not_said_again_in_axolotls_words() -> None:
    spec = {
        "base_model": "org/model",
        "datasets": [{"source": {"type": "hub", "repo_id": "org/data"}}],
        "integrations": [{"type": "wandb", "project": "p"}],
        "axolotl": {"wandb_project": "q", "wandb_watch": "gradients"},
    }

    assert refusals(spec) == {
        "axolotl.wandb_project": "axolotl.wandb_project: integrations has it already, as wandb; say it there."
    }
