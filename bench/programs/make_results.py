"""Makes a Llama of some 60 million parameters and two LoRA adapters for it. Run by the trainer's Python: MODEL FOLDER.

`MODEL` brings the tokenizer. `FOLDER` gets `base`, `one` and `two`.
"""

import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM


def main(model: Path, folder: Path) -> None:
    """Write all three, with random weights."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    torch.manual_seed(0)
    shape = {"hidden_size": 768, "intermediate_size": 2048, "num_hidden_layers": 8, "num_attention_heads": 12}
    base = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), pad_token_id=tokenizer.pad_token_id, **shape))
    base.save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    lora = LoraConfig(r=16, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM", init_lora_weights=False)
    for name in ("one", "two"):
        adapted = get_peft_model(base, lora)
        adapted.save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
        base = adapted.unload()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
