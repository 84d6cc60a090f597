"""What axo puts inside the trainer: it reports how the training goes, and stops it with a checkpoint when asked.

A data set's `type` and a reward in the config name what lies here; Axolotl finds a row's reader in the package itself.
"""

from .row_readers import kto_rows, pairs, prompts

__all__ = ["kto_rows", "pairs", "prompts"]
