"""`python -m axo_trainer_helper SOCKET PARENT_PID`: answer questions at SOCKET for as long as the parent lives."""

import gc
import signal
import sys
from pathlib import Path

from .processes import die_with_parent, yield_to_training


def main(socket: Path, parent_pid: int) -> None:
    """Import Axolotl, then serve for ever."""
    die_with_parent(parent_pid)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is not for us
    yield_to_training()
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
