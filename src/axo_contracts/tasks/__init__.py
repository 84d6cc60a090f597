"""The kinds of job beside `train`, one file each. A new one: its name here, in `chains.py` and in `jobs.py`."""

from axo_contracts.tasks.chains import Link, MergeSpec, QuantizeSpec, Then
from axo_contracts.tasks.evaluate import EvaluateSpec
from axo_contracts.tasks.export import ExportSpec
from axo_contracts.tasks.generate import GenerateSpec
from axo_contracts.tasks.push import PushSpec
from axo_contracts.tasks.score import ScoreSpec

Task = MergeSpec | QuantizeSpec | ExportSpec | ScoreSpec | EvaluateSpec | GenerateSpec | PushSpec

__all__ = [
    "EvaluateSpec",
    "ExportSpec",
    "GenerateSpec",
    "Link",
    "MergeSpec",
    "PushSpec",
    "QuantizeSpec",
    "ScoreSpec",
    "Task",
    "Then",
]
