"""Trains nothing: what it leaves, as its result and as the checkpoint of step 1, is the adapter in AXO_TEST_ADAPTER."""

import os
import shutil
from pathlib import Path

import standin

adapter = Path(os.environ["AXO_TEST_ADAPTER"])
standin.begin(1)
standin.metric(1, 1, loss=1.0)
shutil.copytree(adapter, standin.OUTPUTS / "checkpoint-1")
standin.report("save", step=1, path=str(standin.OUTPUTS / "checkpoint-1"))
standin.report("train_end", step=1, stopped=False)
shutil.copytree(adapter, standin.OUTPUTS, dirs_exist_ok=True)
