"""Preparing data: what a training would tokenise before it begins, by Axolotl's own preprocessing."""

import os
from pathlib import Path

import yaml
from axolotl.cli.args import PreprocessCliArgs
from axolotl.cli.config import load_cfg
from axolotl.cli.preprocess import do_preprocess

from .output import whole_folder
from .run import Run

CONFIG = Path("axolotl.yaml")


def run(run: Run) -> None:
    """Leave the prepared data in the folder that the config names, under the names that a training looks for."""
    os.environ["AXOLOTL_IS_PREPROCESS"] = "1"
    config = {name: value for name, value in run.config.items() if name != "kind"}
    CONFIG.write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True), encoding="utf-8")
    run.begin("preparing", max_steps=1)
    with whole_folder(Path(config["dataset_prepared_path"])) as folder:
        cfg = load_cfg(str(CONFIG), is_preprocess=True, dataset_prepared_path=str(folder))
        do_preprocess(cfg, PreprocessCliArgs(download=False, debug_num_examples=0))
    run.advance(1)
