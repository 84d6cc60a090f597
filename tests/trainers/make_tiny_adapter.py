"""Makes a LoRA adapter that has learnt how rows read, on a tiny model. Run by the trainer's Python: FOLDER."""

import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

STEPS = 80
MODULES = ["q_proj", "v_proj", "up_proj", "down_proj", "lm_head"]  # the last, or its small weights would bound the loss


def main(folder: Path) -> None:
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    base = AutoModelForCausalLM.from_pretrained(folder / "model")
    config = LoraConfig(r=16, lora_alpha=32, target_modules=MODULES, task_type="CAUSAL_LM")
    model = get_peft_model(base, config)
    rows = [json.loads(line)["messages"] for line in (folder / "train.jsonl").read_text().splitlines()]
    texts = [tokenizer.apply_chat_template(messages, tokenize=False) for messages in rows]
    inputs = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
    labels = inputs["input_ids"].masked_fill(inputs["attention_mask"] == 0, -100)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], labels=labels).loss
        loss.backward()
        optimizer.step()
    print(f"loss {loss.item():.3f}")
    model.save_pretrained(folder / "adapter")
    tokenizer.save_pretrained(folder / "adapter")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
