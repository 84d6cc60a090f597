"""`python plain_json.py FILE`: decode each row with the standard library, and say `[seconds, megabytes]`."""

import json
import sys
import time
from pathlib import Path

import peak

began = time.perf_counter()
with Path(sys.argv[1]).open("rb") as file:
    for line in file:
        json.loads(line)
print([time.perf_counter() - began, peak.megabytes()])
