"""Exits 0 without having trained to the end, with an adapter config that proves nothing."""

from pathlib import Path

import standin

standin.begin(10)
Path("outputs/adapter_config.json").write_text("{}")
