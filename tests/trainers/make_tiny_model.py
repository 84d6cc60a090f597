"""Makes a tiny Llama with its own tokenizer, and chat rows to train it on. Run by the trainer's Python: FOLDER ROWS."""

import json
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def main(folder: Path, rows: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    conversations = [_conversation(number) for number in range(rows)]
    with (folder / "train.jsonl").open("w") as file:
        file.writelines(json.dumps({"messages": messages}) + "\n" for messages in conversations)
    tokenizer = _tokenizer([message["content"] for messages in conversations for message in messages])
    tokenizer.save_pretrained(folder / "model")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder / "model")


def _conversation(number: int) -> list[dict[str, str]]:
    return [
        {"role": "user", "content": f"What comes after {number}?"},
        {"role": "assistant", "content": f"After {number} comes {number + 1}."},
    ]


def _tokenizer(texts: list[str]) -> PreTrainedTokenizerFast:
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=600, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
        ),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        chat_template=CHATML,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
