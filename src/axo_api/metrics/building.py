"""Making the metrics of a job that has none yet from its journal, as of one that an earlier version recorded."""

import contextlib
import os
import tempfile
from pathlib import Path

from axo_api.metrics.blocks import columns_beside
from axo_api.metrics.metric_log import MetricLog


def build_when_missing(path: Path, journal: Path) -> None:
    """Make the metrics at `path` from the journal, unless they are there already. Raises `OSError`.

    Whoever comes first puts its files in place; they would all be the same. The recorder, which brings what it opens up
    to the journal, may take over at any moment.
    """
    if path.exists() or not journal.exists():
        return
    with tempfile.TemporaryDirectory(prefix=".metrics-", dir=path.parent) as folder:
        made = Path(folder) / path.name
        log = MetricLog.open(made, journal)
        log.sync()
        log.close()
        for name in (columns_beside(path).name, path.name):
            with contextlib.suppress(FileExistsError):
                os.link(made.with_name(name), path.with_name(name))
