"""The kinds of job beside `train`, one file each. A new one: its file, and its name here and in `jobs.py`."""

from axo_contracts.tasks.evaluate import EvaluateSpec
from axo_contracts.tasks.generate import GenerateSpec
from axo_contracts.tasks.merge import MergeSpec
from axo_contracts.tasks.push import PushSpec
from axo_contracts.tasks.score import ScoreSpec

Task = MergeSpec | ScoreSpec | EvaluateSpec | GenerateSpec | PushSpec

__all__ = ["EvaluateSpec", "GenerateSpec", "MergeSpec", "PushSpec", "ScoreSpec", "Task"]
