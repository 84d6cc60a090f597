"""`python -m axo_trainer_helper SOCKET PARENT_PID`: answer questions at SOCKET for as long as the parent lives."""

import gc
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from .processes import die_with_parent

NICENESS = 10


def main(socket: Path, parent_pid: int) -> None:
    """Import Axolotl, then serve for ever."""
    die_with_parent(parent_pid)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is not for us
    os.nice(NICENESS)
    with suppress(OSError):  # when memory is short, let a trainer live longer than us
        Path("/proc/self/oom_score_adj").write_text("800")
    from .answers import answer, rehearse, warm_up
    from .server import serve
    from .work_folders import remove_all_work_folders

    remove_all_work_folders()
    warm_up()
    gc.collect()
    gc.freeze()  # a child's collector then leaves the pages that it shares with us alone
    serve(socket, answer, rehearse)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
