"""Makes a tiny model, an adapter and both merged, and prints what `generate` makes of a conversation with each.

Run by the trainer's Python: FOLDER TEXT TOKENS. It prints a line of JSON: `base`, `adapter` and `merged`, each the
number of tokens of a greedy answer, and its text.
"""

import json
import sys
from pathlib import Path
from typing import Any

import make_tiny_adapter
import make_tiny_model
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

ROWS = 16


def main(folder: Path, text: str, tokens: int) -> None:
    make_tiny_model.main(folder, ROWS)
    make_tiny_adapter.main(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    asked = tokenizer.apply_chat_template(
        [{"role": "user", "content": text}], add_generation_prompt=True, tokenize=False
    )
    inputs = tokenizer(asked, return_tensors="pt", add_special_tokens=False)

    def said_by(model: Any) -> dict[str, Any]:
        with torch.inference_mode():
            whole = model.generate(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
                do_sample=False,
                max_new_tokens=tokens,
                pad_token_id=tokenizer.pad_token_id,
            )
        ids = whole[0, inputs["input_ids"].shape[1] :]
        return {"tokens": len(ids), "text": tokenizer.decode(ids, skip_special_tokens=True)}

    base = AutoModelForCausalLM.from_pretrained(folder / "model").eval()
    said = {"base": said_by(base)}
    adapted = PeftModel.from_pretrained(base, folder / "adapter").eval()
    said["adapter"] = said_by(adapted)
    merged = adapted.merge_and_unload()
    said["merged"] = said_by(merged)
    merged.save_pretrained(folder / "merged")
    tokenizer.save_pretrained(folder / "merged")
    print(json.dumps(said))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
