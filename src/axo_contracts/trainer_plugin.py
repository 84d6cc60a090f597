"""What the compiled config names in the plugin that the worker puts on the trainer's path."""

PLUGIN = "axo_trainer_plugin"
"""The name under which the trainer imports the plugin's package."""

GRADING = "axo_grading"
"""The name of the package with which the plugin grades, there as everywhere."""

TASKS = "axo_tasks"
"""The package that runs, in the trainer's environment, every kind of job beside training."""

HELPER = "axo_trainer_helper"
"""The package of the warm helper."""

MODEL_SERVER = "axo_model_server"
"""The package that serves models, in the trainer's environment."""

SECTION = "axo"
"""The section of the config that is axo's own: `fields` and `rewards` for the plugin, `trackers` for the worker."""

TRACKERS = "trackers"
"""What the section says of trackers, by their type: what Axolotl has no option for."""

PAIRS = f"{PLUGIN}.pairs"
"""Reads pairs of a better and a worse answer, in all their spellings, as text for DPO and its kin."""

REWARD_PAIRS = f"{PLUGIN}.reward_pairs"
"""Reads the same rows as tokens for a reward model."""

KTO_ROWS = f"{PLUGIN}.kto_rows"
"""Reads single answers that are good or bad."""

PROMPTS = f"{PLUGIN}.prompts"
"""Reads questions, for methods that let the model answer."""

REWARDS = f"{PLUGIN}.rewards"
"""The module whose functions are the rewards that the section's `rewards` describes, each by its name."""
