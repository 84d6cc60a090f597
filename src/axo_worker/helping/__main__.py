"""`python -m axo_worker.helping AGENT_PID`: keep the helper alive, and answer the control plane with it."""

import signal
import sys
import threading
from types import FrameType

from axo_observability import logs
from axo_worker.guard import die_with_parent
from axo_worker.helping.desk import Desk
from axo_worker.helping.helper_process import helper_process
from axo_worker.redis_connection import connect
from axo_worker.settings import Settings

_LOOK_SECONDS = 1.0
_LEAVES_SECONDS = 1.0


def main(agent_pid: int) -> None:
    """Work until SIGTERM, or until the agent dies."""
    die_with_parent(agent_pid)
    settings = Settings()
    logs.configure(settings.log_format, settings.log_level)
    helper = helper_process(settings)
    leaving = threading.Event()

    def leave(number: int, frame: FrameType | None) -> None:
        leaving.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is the agent's to act on
    threading.Thread(target=_take_questions, args=(settings,), name="desk", daemon=True).start()
    while not leaving.is_set():
        helper.start_if_dead()
        leaving.wait(_LOOK_SECONDS)
    helper.end(_LEAVES_SECONDS)


def _take_questions(settings: Settings) -> None:
    desk = Desk(settings, connect(settings.redis_url, retries=1))
    while True:
        desk.take()


if __name__ == "__main__":
    main(int(sys.argv[1]))
