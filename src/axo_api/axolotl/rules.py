"""Which of Axolotl's keys are axo's to decide, and which reach out of the job. To judge a new key, add a line here.

A key is written as its path: `trl.reward_funcs`; `*` is any index, `**.` any place.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any


class InWhole(Enum):
    """What becomes of a reserved key in a whole config."""

    KEPT = "the config is the only place to say it"
    REPLACED = "every config has it, and axo puts its own in its place"
    REFUSED = "what it asks for cannot be had so"


@dataclass(frozen=True, slots=True)
class Reserved:
    """A key that `axolotl: {…}` may not have, and what to use in its place."""

    reason: str
    in_whole: InWhole = InWhole.KEPT


_OWN_FOLDER = "each attempt has a folder of its own; GET /v1/jobs/{id}/artifacts lists what is in it"
_RESUME = "axo resumes from the newest whole checkpoint; POST /v1/jobs/{id}/retry takes one as from_checkpoint"
_LAUNCHER = "the launcher and the trainer set it"
_METHOD = "the method says it; use method"

RESERVED = {
    "output_dir": Reserved(_OWN_FOLDER, InWhole.REPLACED),
    "dataset_prepared_path": Reserved(_OWN_FOLDER, InWhole.REPLACED),
    "auto_resume_from_checkpoints": Reserved(_RESUME, InWhole.REPLACED),
    "resume_from_checkpoint": Reserved(_RESUME, InWhole.REFUSED),
    "axolotl_config_path": Reserved(_LAUNCHER, InWhole.REFUSED),
    "is_preprocess": Reserved(_LAUNCHER, InWhole.REFUSED),
    "local_rank": Reserved(_LAUNCHER, InWhole.REFUSED),
    "world_size": Reserved(_LAUNCHER, InWhole.REFUSED),
    "total_num_tokens": Reserved(_LAUNCHER),
    "total_supervised_tokens": Reserved(_LAUNCHER),
    "dynamic_checkpoint": Reserved("POST /v1/jobs/{id}/pause has a checkpoint written at the next step"),
    "base_model": Reserved("the spec says it; use base_model"),
    "model_revision": Reserved("the spec says it; use base_model_revision"),
    "revision_of_model": Reserved("the spec says it; use base_model_revision"),
    "datasets": Reserved("the spec says it; use datasets"),
    "test_datasets": Reserved("the spec says it; use validation_datasets"),
    "pretraining_dataset": Reserved("the spec says it; use datasets, and method"),
    "rl": Reserved(_METHOD),
    "reward_model": Reserved(_METHOD),
    "process_reward_model": Reserved(_METHOD),
    "adapter": Reserved("the spec says it; use adapter"),
    "seed": Reserved("the spec says it; use seed"),
}

OUR_PLUGIN = "axo_trainer_plugin"  # the package of axo's own plugin, as the trainer imports it


class Reach(Enum):
    """When a key reaches out of the job."""

    SET = "as soon as it is set"
    DOTTED = "when it is a path of a module"
    SLASHED = "when it names a repository or a folder"
    PLUGIN = "when it is no plugin that Axolotl ships and axo knows to stay inside"
    READER = "when it is no way to read a data set that Axolotl ships"
    REWARD = "when it is no name of a reward model on the hub"
    MODEL = "when it is neither a name on the hub nor below an allowed root"
    DATA = "when it is no upload, no name on the hub and not below an allowed root"
    TEMPLATE = "when it is a path, not a template"
    FILE_NAME = "when it is more than the name of a file"
    PATHS = "when it is, or holds, a path that is not below an allowed root"


_CODE = "it makes Axolotl run code that comes with the job"
_HUB_CODE = "it runs code from the hub"
_READS = "it makes the run read files or addresses of its host"
_WRITES = "it makes the run write outside of its folder"
_SENDS = "it sends what the run makes to another service, with the operator's account"
_CALLS = "it makes the run call an address inside the operator's network"
_KEY_IN_VIEW = "a key does not belong in a config that others read; give it to the worker's environment"

REACHES = {
    "plugins.*": (Reach.PLUGIN, _CODE),
    "trainer_cls": (Reach.SET, _CODE),
    "torchdistx_path": (Reach.SET, _CODE),
    "cls_model_config": (Reach.DOTTED, _CODE),
    "trl.reward_funcs.*": (Reach.REWARD, _CODE),
    "trl.rollout_func": (Reach.SET, _CODE),
    "vllm.serve_module": (Reach.SET, _CODE),
    "vllm.worker_extension_cls": (Reach.SET, _CODE),
    "hatchery": (Reach.SET, _SENDS),
    "coreweave": (Reach.SET, _SENDS),
    "export.llama_cpp_dir": (Reach.SET, _CODE),
    "datasets.*.type": (Reach.READER, _CODE),
    "test_datasets.*.type": (Reach.READER, _CODE),
    "pretraining_dataset.*.type": (Reach.READER, _CODE),
    "datasets.*.input_transform": (Reach.DOTTED, _CODE),
    "test_datasets.*.input_transform": (Reach.DOTTED, _CODE),
    "pretraining_dataset.*.input_transform": (Reach.DOTTED, _CODE),
    "use_ray": (Reach.SET, "it starts processes that are not the run's own, which axo could not end"),
    "**.trust_remote_code": (Reach.SET, _HUB_CODE),
    "use_kernels": (Reach.SET, _HUB_CODE),
    "attn_implementation": (Reach.SLASHED, _HUB_CODE),
    "experts_implementation": (Reach.SLASHED, _HUB_CODE),
    "model_kwargs": (Reach.SET, "it can have the model's loader run code from the hub"),
    "overrides_of_model_kwargs": (Reach.SET, "it can have the model's loader run code from the hub"),
    "processor_kwargs": (Reach.SET, "it can have the processor's loader run code from the hub"),
    "base_model": (Reach.MODEL, _READS),
    "base_model_config": (Reach.MODEL, _READS),
    "tokenizer_config": (Reach.MODEL, _READS),
    "lora_model_dir": (Reach.MODEL, _READS),
    "spectrum_model_name": (Reach.MODEL, _READS),
    "lm_eval_model": (Reach.MODEL, _READS),
    "bench_dataset": (Reach.MODEL, _READS),
    "datasets.*": (Reach.DATA, _READS),
    "test_datasets.*": (Reach.DATA, _READS),
    "pretraining_dataset.*": (Reach.DATA, _READS),
    "chat_template_jinja": (Reach.TEMPLATE, _READS),
    "datasets.*.chat_template_jinja": (Reach.TEMPLATE, _READS),
    "test_datasets.*.chat_template_jinja": (Reach.TEMPLATE, _READS),
    "deepspeed": (Reach.PATHS, _READS),
    "optim_args": (Reach.PATHS, _READS),
    "accelerator_config": (Reach.PATHS, _READS),
    "llmcompressor.recipe": (Reach.PATHS, _READS),
    "comet_experiment_config": (Reach.PATHS, _WRITES),
    "dynamic_checkpoint.trigger_file_path": (Reach.FILE_NAME, _WRITES),
    "autotune_cache_path": (Reach.PATHS, _WRITES),
    "export.outfile": (Reach.FILE_NAME, _WRITES),
    "hub_model_id": (Reach.SET, _SENDS),
    "push_dataset_to_hub": (Reach.SET, _SENDS),
    "trackio_space_id": (Reach.SET, _SENDS),
    "mlflow_tracking_uri": (Reach.SET, _SENDS),
    "comet_api_key": (Reach.SET, _KEY_IN_VIEW),
    "swanlab_api_key": (Reach.SET, _KEY_IN_VIEW),
    "swanlab_api_host": (Reach.SET, _CALLS),
    "swanlab_web_host": (Reach.SET, _CALLS),
    "swanlab_lark_webhook_url": (Reach.SET, _CALLS),
    "kd_online_server_base_url": (Reach.SET, _CALLS),
    "trl.vllm_server_host": (Reach.SET, _CALLS),
    "vllm.host": (Reach.SET, "it opens a port of the worker to others"),
    "otel_metrics_host": (Reach.SET, "it opens a port of the worker to others"),
    "gradio_share": (Reach.SET, "it opens a port of the worker to others"),
    "gradio_server_name": (Reach.SET, "it opens a port of the worker to others"),
}

STAY_INSIDE = frozenset(
    {
        *("context_parallel.ContextParallelPlugin", "cut_cross_entropy.CutCrossEntropyPlugin"),
        *("densemixer.DenseMixerPlugin", "diffusion.DiffusionPlugin", "diffusion_decision.DiffusionDecisionPlugin"),
        *("expert_parallel.ExpertParallelPlugin", "fla_sm120_shim.FlaSm120ShimPlugin", "grokfast.GrokfastPlugin"),
        *("kd.KDPlugin", "liger.LigerPlugin", "llm_compressor.LLMCompressorPlugin", "mixlora.MixLoraPlugin"),
        *("mora.MoraPlugin", "spectrum.SpectrumPlugin"),
    }
)
"""The plugins of Axolotl's own that train and do nothing else: no server, no account, no code fetched."""


def found(config: dict[str, Any]) -> Iterator[tuple[str, Any, Reach, str]]:
    """Yield each value of `config` that a line above is about: where it is, the value, when and why it reaches out."""
    for path, (reach, reason) in REACHES.items():
        first, *rest = path.split(".")
        if first == "**":
            yield from ((where, value, reach, reason) for where, value in _anywhere(config, rest[0], ""))
        elif first in config:
            yield from ((where, value, reach, reason) for where, value in _at(config[first], rest, first))


def _at(value: Any, rest: list[str], where: str) -> Iterator[tuple[str, Any]]:
    if not rest:
        yield where, value
    elif rest[0] == "*":
        for index, item in enumerate(value) if isinstance(value, list) else ():
            yield from _at(item, rest[1:], f"{where}.{index}")
    elif isinstance(value, dict) and rest[0] in value:
        yield from _at(value[rest[0]], rest[1:], f"{where}.{rest[0]}")


def _anywhere(value: Any, name: str, where: str) -> Iterator[tuple[str, Any]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        place = f"{where}.{key}" if where else str(key)
        if key == name:
            yield place, item
        yield from _anywhere(item, name, place)
