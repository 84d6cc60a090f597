"""A stand-in trainer that writes down when things happen to it, by the clock that all processes of a machine share.

It appends `started NS PID PARENT` and `asked NS` to the file `times`. While it trains it says what time it is: 20 times
a second on its output, and as often, in between, in the file `lines`. It has the standard library only, and little of
that, so that it starts as fast as a Python can.
"""

import time

STARTED = time.monotonic_ns()

import os  # noqa: E402  # its first instruction is to look at the clock

LOOK_SECONDS = 0.001
TURN_NANOSECONDS = 25_000_000  # from a line on the output to one in the file, and back


def main() -> None:
    """Train until the control file is there."""
    times = os.open("times", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(times, b"started %d %d %d\n" % (STARTED, os.getpid(), os.getppid()))
    report('{"type":"train_begin","step":0,"max_steps":100,"world_size":1}')
    asked = talk_until_asked()
    os.write(times, b"asked %d\n" % asked)
    report('{"type":"train_end","step":1,"stopped":true}')


def talk_until_asked() -> int:
    """Write lines until the control file is there, and return when it was seen, in nanoseconds."""
    control, output, turn, next_turn_at = os.environ["AXO_CONTROL"], 1, 0, time.monotonic_ns()
    lines = os.open("lines", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    while not os.path.exists(control):  # noqa: PTH110  # pathlib would be a third of the start
        if time.monotonic_ns() >= next_turn_at:
            os.write((output, lines)[turn % 2], b"at=%d\n" % time.monotonic_ns())
            turn, next_turn_at = turn + 1, next_turn_at + TURN_NANOSECONDS
        time.sleep(LOOK_SECONDS)
    return time.monotonic_ns()


def report(line: str) -> None:
    """Say something to the worker."""
    with open(os.environ["AXO_REPORTS"], "w") as fifo:  # noqa: PTH123  # as above
        fifo.write(f"{line}\n")


if __name__ == "__main__":
    main()
