"""Checks the file that it is given, and prints how many rows it has, or why it is unfit."""

import sys
from pathlib import Path

from axo_api.files.checking.checker import Checker
from axo_api.files.reading.rows import StoredFile, Unfit
from axo_api.files.reading.unpack import UnpackLimits
from axo_contracts.wrappings import Wrapping

path = Path(sys.argv[1])
wrapping = Wrapping.named(path.name)
assert wrapping
try:
    report = Checker(StoredFile(path), wrapping, UnpackLimits(most_bytes=10**12, most_ratio=200)).check()
    print(f"{report.rows} rows, {report.bad_rows} bad ones")
except Unfit as unfit:
    print(unfit)
