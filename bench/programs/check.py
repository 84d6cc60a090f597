"""`python check.py FILE`: read and check a file as an upload is, and say `[seconds, megabytes]`."""

import sys
import time
from pathlib import Path

import peak

from axo_api.files.checking.checker import Checker
from axo_api.files.reading.rows import StoredFile
from axo_api.files.reading.unpack import UnpackLimits
from axo_contracts.wrappings import Wrapping

began = time.perf_counter()
report = Checker(StoredFile(Path(sys.argv[1])), Wrapping("jsonl"), UnpackLimits(10**12, 200)).check()
assert report.rows
assert not report.bad_rows
print([time.perf_counter() - began, peak.megabytes()])
