"""From a spec to an Axolotl config. What depends on the device is added when the job is placed."""

from typing import Any

from axo_api.axolotl.device_defaults import with_defaults
from axo_api.axolotl.inputs import ALL_JSON_LINES, JSON_LINES, Inputs
from axo_contracts.datasets import Dataset, FileSource, HubSource, PathSource, Source, hub_options
from axo_contracts.jobs import JobSpec
from axo_contracts.keep import NO_LIMIT
from axo_contracts.resources import Capabilities, resolve_for_device
from axo_contracts.storage_paths import OUTPUTS, PREPARED
from axo_contracts.trainer_plugin import SECTION, TRACKERS
from axo_contracts.training import Training
from axo_contracts.wrappings import Wrapping


def compile_config(spec: Training, inputs: Inputs = ALL_JSON_LINES) -> dict[str, Any]:
    """Return the Axolotl config of `spec`, without what depends on the device. Paths are relative to the workspace."""
    rates = spec.method.learning_rates
    config: dict[str, Any] = {
        "base_model": spec.base_model,
        **({"revision_of_model": spec.base_model_revision} if spec.base_model_revision else {}),
        **spec.adapter.axolotl_options(spec.method.head),
        **spec.method.axolotl_options(),
        **_data(spec, inputs),
        "chat_template": "tokenizer_default",
        **spec.hyperparameters.axolotl_options(
            learning_rate=rates.adapter if spec.is_adapter else rates.full,
            takes_warmup_ratio=spec.method.takes_warmup_ratio,
            has_validation=bool(spec.validation_datasets),
        ),
        **({"save_total_limit": NO_LIMIT} if spec.keep else {}),
        "seed": spec.seed,
        "output_dir": OUTPUTS,
        "dataset_prepared_path": PREPARED,
        **_trackers(spec),
    }
    if section := _plugin_section(spec):
        config[SECTION] = section
    return config


def resolve_config(config: dict[str, Any], spec: JobSpec, capabilities: Capabilities) -> dict[str, Any]:
    """Return `config` with what it leaves open resolved for a worker with `capabilities`."""
    for_device = resolve_for_device(spec.resources, is_adapter=spec.is_adapter, capabilities=capabilities)
    if spec.kind in ("train", "preprocess") and (not capabilities.gpus or spec.resources.gpus == 0):
        for_device |= {"dataset_num_proc": 1, "dataloader_num_workers": 0}
    return with_defaults(config, for_device)


def _data(spec: Training, inputs: Inputs) -> dict[str, Any]:
    each = _streamed if spec.method.streams else _dataset
    name = "pretraining_dataset" if spec.method.streams else "datasets"
    data = {name: [each(spec, of, inputs) for of in spec.datasets]}
    if spec.validation_datasets:
        data["test_datasets"] = [_dataset(spec, of, inputs) for of in spec.validation_datasets]
    return data


def _dataset(spec: Training, dataset: Dataset, inputs: Inputs) -> dict[str, Any]:
    options = spec.method.dataset_options(spec.method.format_for(dataset.format))
    return {**file_options(dataset.source, inputs), **options}


def file_options(source: Source, inputs: Inputs) -> dict[str, Any]:
    """Return where Axolotl finds the rows of a source."""
    match source:
        case FileSource(file_id=file_id):
            return {"path": inputs.path(file_id), "ds_type": inputs.dataset_type(file_id), "split": "train"}
        case PathSource(path=path):
            return {"path": path, "ds_type": (Wrapping.named(path) or JSON_LINES).dataset_type, "split": "train"}
        case HubSource():
            return hub_options(source)


def _streamed(spec: Training, dataset: Dataset, inputs: Inputs) -> dict[str, Any]:
    options = _dataset(spec, dataset, inputs)
    text = {"type": "pretrain", "text_column": options["field"]}
    if isinstance(dataset.source, HubSource):
        return hub_options(dataset.source) | text
    return {"path": options["ds_type"], "data_files": options["path"], "split": "train"} | text


def _trackers(spec: Training) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for integration in spec.integrations:
        options |= integration.axolotl_options(spec.name)
    return options


def _plugin_section(spec: Training) -> dict[str, Any]:
    formats = [spec.method.format_for(dataset.format) for dataset in (*spec.datasets, *spec.validation_datasets)]
    unusual = [of for of in formats if of.is_read_by_plugin and not of.has_usual_names]
    fields = {option: name for of in unusual for option, name in of.field_names().items()}
    trackers = {of.type: more for of in spec.integrations if (more := of.worker_options())}
    rest = {"fields": fields, TRACKERS: trackers}
    return spec.method.plugin_options() | {name: options for name, options in rest.items() if options}
