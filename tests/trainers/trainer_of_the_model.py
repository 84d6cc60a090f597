"""Trains as the stand-in does that the base model is named for, so that one worker can have trainers of every kind."""

import runpy
import sys
from pathlib import Path

import yaml

TRAINERS = Path(__file__).parent

name = Path(yaml.safe_load(Path(sys.argv[1]).read_text())["base_model"]).name
sys.path.insert(0, str(TRAINERS))
runpy.run_path(str(TRAINERS / f"{name}.py"), run_name="__main__")
