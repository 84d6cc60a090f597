"""`python -m axo_worker.serving AGENT_PID`: take completions, and have them written, until SIGTERM."""

import signal
import sys
import threading
from types import FrameType

from axo_observability import logs
from axo_worker.guard import die_with_parent
from axo_worker.redis_connection import connect
from axo_worker.serving.desk import Desk
from axo_worker.settings import Settings

_LEAVES_SECONDS = 4.0
_LOOK_SECONDS = 1.0


def main(agent_pid: int) -> None:
    """Work until SIGTERM, or until the agent dies. The process with the model dies with this one."""
    die_with_parent(agent_pid)
    settings = Settings()
    logs.configure(settings.log_format, settings.log_level)
    leaving = threading.Event()

    def leave(number: int, frame: FrameType | None) -> None:
        leaving.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is the agent's to act on
    desk = Desk(settings, connect(settings.redis_url, retries=1), leaving)
    thread = threading.Thread(target=desk.work, name="desk", daemon=True)
    thread.start()
    while thread.is_alive() and not leaving.wait(_LOOK_SECONDS):
        continue
    thread.join(_LEAVES_SECONDS)


if __name__ == "__main__":
    main(int(sys.argv[1]))
