"""Trains nothing: reads the data of the config in this folder, as a training by it would."""

from pathlib import Path

import yaml
from axolotl.cli.config import load_cfg
from axolotl.common.datasets import load_datasets
from axolotl.utils.dict import DictDefault

config = yaml.safe_load(Path("config.yaml").read_text())
del config["plugins"]  # axo's own, which only a run has on its path
load_datasets(cfg=load_cfg(DictDefault(config)))
