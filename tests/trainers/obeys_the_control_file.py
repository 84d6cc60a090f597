"""Trains `max_steps` steps of `step_seconds` each, saves, goes on from a checkpoint, and stops with one when asked."""

import json
from pathlib import Path

import standin

config = standin.config()
checkpoint = config.get("resume_from_checkpoint")
first = json.loads((Path(checkpoint) / "trainer_state.json").read_text())["global_step"] if checkpoint else 0
standin.train(config["max_steps"], config.get("step_seconds", 0.05), first, config.get("save_steps"))
