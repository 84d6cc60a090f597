"""What the compiled config names in the plugin that the worker puts on the trainer's path."""

PLUGIN = "axo_trainer_plugin"
"""The name under which the trainer imports the plugin's package."""

GRADING = "axo_grading"
"""The name of the package with which the plugin grades, there as everywhere."""

TASKS = "axo_tasks"
"""The package that runs, in the trainer's environment, every kind of job beside training."""

SECTION = "axo"
"""The section of the config that only the plugin reads: `fields` and `rewards`."""

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
