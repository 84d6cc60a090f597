"""Adapters beside each other on one base model, so that going from one to the next loads nothing anew."""

import json
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from safetensors import safe_open

_OWN = ("lora_", "modules_to_save")  # in the names of weights that stand beside the base's, and replace none
_PLAIN_STARTS = (True, False, "gaussian")  # of LoRA; others, such as PiSSA, rewrite the base's weights


class Adapters:
    """Puts one adapter at a time on a base model, and keeps the `most` that were used last."""

    def __init__(self, base: Any, most: int) -> None:
        self._base = base
        self._most = most
        self._adapted: Any = None
        self._names: OrderedDict[str, str] = OrderedDict()  # by folder, the one used last at the end
        self._count = 0
        self._spoilt_by: str | None = None
        self._is_off = False

    def takes(self, folder: str | None) -> bool:
        """Return whether the base is still what this adapter, or none, was trained on."""
        if self._spoilt_by is not None:
            return folder == self._spoilt_by
        return self.holds(folder) or not self._names or self._leaves_base(str(folder))

    def holds(self, folder: str | None) -> bool:
        """Return whether nothing need be loaded for it."""
        return folder is None or folder in self._names

    def put_on(self, folder: str | None) -> Any:
        """Return the model with the adapter in `folder`, or without any. What was returned before changes with it."""
        if folder is None:
            return self._without()
        if folder not in self._names:
            self._load(folder)
        self._names.move_to_end(folder)
        if self._is_off:
            self._adapted.base_model.enable_adapter_layers()
            self._is_off = False
        self._adapted.set_adapter(self._names[folder], inference_mode=True)
        return self._adapted

    def _without(self) -> Any:
        if self._adapted is None:
            return self._base
        self._adapted.base_model.disable_adapter_layers()
        self._is_off = True
        return self._adapted

    def _leaves_base(self, folder: str) -> bool:
        """Return whether loading an adapter changes nothing of the base, so that others may lie beside it."""
        if not _is_plain(folder):
            return False
        ours = {_base_name(name): value for name, value in self._base.named_parameters()}
        return all(name in ours and _is_same(ours[name], value) for name, value in _others(folder))

    def _load(self, folder: str) -> None:
        if not self._leaves_base(folder):
            self._spoilt_by = folder
        self._count += 1
        name = f"adapter-{self._count}"
        if self._adapted is None:
            self._adapted = PeftModel.from_pretrained(self._base, folder, adapter_name=name)
        else:
            self._adapted.load_adapter(folder, adapter_name=name, torch_device=str(self._base.device))
        self._names[folder] = name
        while len(self._names) > self._most:
            _, oldest = self._names.popitem(last=False)
            self._adapted.delete_adapter(oldest)


def _is_plain(folder: str) -> bool:
    """Return whether an adapter is a LoRA whose beginning left its base's weights as they were."""
    config = json.loads(Path(folder, "adapter_config.json").read_bytes())
    is_plain = config.get("peft_type") == "LORA" and config.get("bias", "none") == "none"
    return is_plain and config.get("init_lora_weights", True) in _PLAIN_STARTS


def _others(folder: str) -> Iterator[tuple[str, Any]]:
    """Yield those weights of an adapter that take the place of the base's own, by the base's names for them."""
    with safe_open(Path(folder, "adapter_model.safetensors"), framework="pt") as weights:
        for name in weights.keys():  # noqa: SIM118 (it is no mapping)
            if not any(part in name for part in _OWN):
                yield _base_name(name), weights.get_tensor(name)


def _is_same(ours: Any, value: Any) -> bool:
    return bool(ours.shape == value.shape and torch.equal(ours, value.to(ours)))


def _base_name(name: str) -> str:
    return name.removeprefix("base_model.model.").replace(".base_layer.", ".")
