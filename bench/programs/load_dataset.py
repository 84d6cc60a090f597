"""`python load_dataset.py FILE CACHE`, with the trainer's Python: read a file as Axolotl does, and say what it took."""

import sys
import time

import peak
from datasets import disable_progress_bars, load_dataset

disable_progress_bars()
began = time.perf_counter()
load_dataset("json", data_files=sys.argv[1], split="train", cache_dir=sys.argv[2])
print([time.perf_counter() - began, peak.megabytes()])
