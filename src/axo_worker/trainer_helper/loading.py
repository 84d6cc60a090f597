"""What Axolotl reads of a config before it trains: the model's config, the tokenizer, the rows."""

from dataclasses import dataclass
from typing import Any

from axolotl.common.datasets import load_datasets, load_preference_datasets
from axolotl.loaders import load_tokenizer
from axolotl.utils.config import normalize_cfg_datasets, normalize_config
from axolotl.utils.dict import DictDefault

from .device import Device
from .workspace import Unreadable

PREPARED = "prepared"


@dataclass(frozen=True)
class Loaded:
    """A config's rows, as its trainer gets them, and the number of steps that Axolotl makes of them, if it says one."""

    train: Any
    validation: Any | None
    steps: int | None


def normalize(cfg: DictDefault, device: Device) -> None:
    """Do what Axolotl does with a valid config before it loads anything; the base model's config is read.

    Raises `Unreadable`.
    """
    cfg.dataset_prepared_path = PREPARED
    cfg.dataset_num_proc = None  # with any number, datasets would start processes that import everything anew
    try:
        normalize_config(cfg)
    except Exception as error:
        raise Unreadable(
            f"The base model {cfg.base_model!r} cannot be read on the worker: {_first_line(error)}"
        ) from error
    normalize_cfg_datasets(cfg)
    apart = (cfg.context_parallel_size or 1) * (cfg.tensor_parallel_size or 1)
    cfg.batch_size *= max(1, device.processes // apart)


def tokenizer_of(cfg: DictDefault) -> Any:
    """Return the tokenizer, with the chat template that the config chooses. Raises `Unreadable`."""
    try:
        return load_tokenizer(cfg)
    except Exception as error:
        raise Unreadable(f"The tokenizer of {cfg.base_model!r} cannot be loaded: {_first_line(error)}") from error


def load(cfg: DictDefault) -> Loaded:
    """Read and prepare the rows, as `axolotl train` does. Raises `Unreadable`."""
    try:
        meta = load_preference_datasets(cfg=cfg) if cfg.rl else load_datasets(cfg=cfg)
    except Exception as error:
        raise Unreadable(f"Axolotl cannot read the data: {_first_line(error)}") from error
    return Loaded(meta.train_dataset, meta.eval_dataset, meta.total_num_steps)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{lines[0] if lines else type(error).__name__}"[:500]
