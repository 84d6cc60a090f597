"""What the real Axolotl makes of configs and rows. Run by the trainer's Python: ASKED.json ANSWER.json.

Asked: `configs`, to validate for the GPU that `capabilities` describes, and `data`, a config whose data set is read.
Answer: `refusals`, one for each config or null; `trained`, the text that carries loss in each row of the
data set.
"""

import json
import sys
from pathlib import Path
from typing import Any

from axolotl.loaders import load_tokenizer
from axolotl.utils.config import normalize_config, validate_config
from axolotl.utils.data.sft import prepare_datasets
from axolotl.utils.dict import DictDefault


def main(asked: dict[str, Any]) -> dict[str, Any]:
    refusals = [_refusal(config, asked["capabilities"]) for config in asked["configs"]]
    return {"refusals": refusals, "trained": _trained(asked["data"])}


def _refusal(config: dict[str, Any], capabilities: dict[str, Any]) -> str | None:
    try:
        validate_config(
            DictDefault(config), capabilities=dict(capabilities), env_capabilities={"torch_version": "2.13.0"}
        )
    except Exception as error:  # whatever it raises is the refusal
        return f"{type(error).__name__}: {error}"
    return None


def _trained(config: dict[str, Any]) -> list[str]:
    cfg = validate_config(DictDefault(config))
    normalize_config(cfg)
    tokenizer = load_tokenizer(cfg)
    rows, *_ = prepare_datasets(cfg, tokenizer)
    return [_text_with_loss(tokenizer, row) for row in rows]


def _text_with_loss(tokenizer: Any, row: dict[str, Any]) -> str:
    text: str = tokenizer.decode([label for label in row["labels"] if label != -100])
    return text


if __name__ == "__main__":
    answer = main(json.loads(Path(sys.argv[1]).read_text()))
    Path(sys.argv[2]).write_text(json.dumps(answer))
