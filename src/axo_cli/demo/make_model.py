"""Make the demo's model: a tiny Llama with its own tokenizer.

A program for the trainer's Python: `python make_model.py ROWS.jsonl FOLDER`.
"""

import json
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

VOCABULARY = 1024
SPECIAL_TOKENS = ["<unk>", "<pad>", "<|im_start|>", "<|im_end|>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def main(rows: Path, folder: Path) -> None:
    """Train a tokenizer on the text of `rows`, and write it to `folder` with a Llama of random weights."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(_texts(rows))
    tokenizer.save_pretrained(folder)
    _model(tokenizer).save_pretrained(folder)


def _texts(rows: Path) -> list[str]:
    parsed = (json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines())
    return [message["content"] for row in parsed for message in row["messages"]]


def _tokenizer(texts: list[str]) -> PreTrainedTokenizerFast:
    """Return a tokenizer of Llama's form, which llama.cpp's converter knows: pieces with ▁ for a space, else bytes."""
    bpe = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))  # noqa: S106  a token of text, no secret
    bpe.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    bpe.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=[*SPECIAL_TOKENS, *BYTES], show_progress=False)
    bpe.train_from_iterator([*texts, "user\nassistant\nsystem\n"], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=_with_plain_bytes(bpe),
        unk_token="<unk>",  # noqa: S106
        pad_token="<pad>",  # noqa: S106
        bos_token="<|im_start|>",  # noqa: S106
        eos_token="<|im_end|>",  # noqa: S106
        chat_template=CHATML,
        add_prefix_space=False,
    )


def _with_plain_bytes(bpe: Tokenizer) -> Tokenizer:
    """Return the tokenizer with the bytes as pieces like others: only what is special is left out of a text."""
    state = json.loads(bpe.to_str())
    state["added_tokens"] = [token for token in state["added_tokens"] if token["content"] in SPECIAL_TOKENS]
    return Tokenizer.from_str(json.dumps(state))


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
