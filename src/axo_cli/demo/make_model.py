"""Make the demo's model: a tiny Llama with its own tokenizer.

A program for the trainer's Python: `python make_model.py ROWS.jsonl FOLDER`.
"""

import json
import sys
from pathlib import Path

import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

VOCABULARY = 1024
SPECIAL_TOKENS = ["<unk>", "<pad>", "<|im_start|>", "<|im_end|>"]
CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def main(rows: Path, folder: Path) -> None:
    """Train a tokenizer on the text of `rows`, and write it to `folder` with a Llama of random weights."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(_texts(rows), folder)
    tokenizer.save_pretrained(folder)
    _model(tokenizer).save_pretrained(folder)


def _texts(rows: Path) -> list[str]:
    parsed = (json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines())
    return [message["content"] for row in parsed for message in row["messages"]]


def _tokenizer(texts: list[str], folder: Path) -> PreTrainedTokenizerFast:
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(
        [*texts, "user\nassistant\nsystem\n"], vocab_size=VOCABULARY, special_tokens=SPECIAL_TOKENS, show_progress=False
    )
    raw = folder / "tokenizer.json"
    bpe.save(str(raw))
    return PreTrainedTokenizerFast(
        tokenizer_file=str(raw),
        unk_token="<unk>",  # noqa: S106  a token of text, no secret
        pad_token="<pad>",  # noqa: S106
        bos_token="<|im_start|>",  # noqa: S106
        eos_token="<|im_end|>",  # noqa: S106
        chat_template=CHATML,
    )


def _model(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=192,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        tie_word_embeddings=False,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return LlamaForCausalLM(config)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
