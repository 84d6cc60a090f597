"""The embedded stack: real valkey, real processes, stand-in programs as the API and the worker."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from redis import Redis
from tests.cli.stack_under_test import StackUnderTest, wait_until

from axo_cli.demo.leftovers import processes_of
from axo_cli.embedded.home import LONGEST_SOCKET_PATH, Home
from axo_cli.embedded.home_lock import is_locked

Start = Callable[..., StackUnderTest]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts stacks in a home of the test's own."""
    stacks: list[StackUnderTest] = []

    def start_one(home: str = "home", **options: Any) -> StackUnderTest:
        stack = StackUnderTest(tmp_path / home, **options)
        stacks.append(stack)
        return stack

    yield start_one
    for stack in stacks:
        stack.close()


@pytest.mark.parametrize("name", ["queue", "api", "worker"])
def test_a_service_that_is_killed_is_started_again(start: Start, name: str) -> None:
    stack = start()
    stack.wait_until_up()
    first = stack.service(name)

    first.kill()

    wait_until(lambda: stack.has_said("was killed by SIGKILL; it is started again"), "word of the death")
    wait_until(lambda: not first.is_running(), "the dead process to be gone")
    assert stack.service(name).pid != first.pid
    assert stack.stop() == 0


def test_nothing_outlives_a_killed_supervisor(start: Start) -> None:
    stack = start()
    stack.wait_until_up()
    services = stack.services()
    assert len(services) == 3

    stack.process.kill()

    _, alive = psutil.wait_procs(services, timeout=10)
    assert alive == []
    assert processes_of(Home(stack.home)) == []


def test_a_stop_signal_stops_everything_in_good_order(start: Start) -> None:
    stack = start()
    stack.wait_until_up()

    code = stack.stop()

    assert code == 0
    assert (stack.home / "worker" / "stopped-in-good-order").exists()
    assert stack.has_said("Everything has stopped")
    assert not is_locked(stack.home)
    assert processes_of(Home(stack.home)) == []


def test_a_second_stop_signal_does_not_wait_for_a_deaf_worker(start: Start) -> None:
    stack = start(worker="deaf_worker.py")
    stack.wait_until_up()
    stack.process.send_signal(signal.SIGINT)
    wait_until(lambda: stack.has_said("Stopping"), "the stack to be stopping")

    code = stack.stop()

    assert code == 0
    assert stack.has_said("The worker is killed.")


def test_a_home_is_up_only_once(start: Start) -> None:
    first = start()
    first.wait_until_up()

    second = start()

    assert second.process.wait(40) == 1
    assert second.said().strip() == (
        f"{first.home} is up already, in process {first.process.pid}; stop that one, or name another --home."
    )
    assert first.process.poll() is None


def test_a_killed_stack_comes_up_again_at_once_with_what_its_queue_held(start: Start) -> None:
    first = start()
    first.wait_until_up()
    with Redis.from_url(Home(first.home).redis_url) as redis:
        redis.set("kept", "yes")
    first.process.kill()

    second = start()

    second.wait_until_up()
    with Redis.from_url(Home(second.home).redis_url) as redis:
        assert redis.get("kept") == b"yes"


def test_a_service_that_cannot_run_ends_the_start_with_the_end_of_its_log(start: Start) -> None:
    stack = start(api="no_such_api.py")

    code = stack.process.wait(60)

    assert code == 1
    assert "The API does not start" in stack.said()
    assert "No such file or directory" in stack.said()
    assert not is_locked(stack.home)


def test_a_port_in_use_is_told_before_anything_is_started(start: Start) -> None:
    first = start("one")
    first.wait_until_up()

    second = start("two", port=first.port)

    assert second.process.wait(40) == 1
    assert second.said().startswith(f"Port {first.port} cannot be used (Address already in use)")
    assert second.said().count("\n") == 1


def test_the_queue_server_listens_on_its_socket_only(start: Start) -> None:
    stack = start()
    stack.wait_until_up()

    queue = stack.service("queue")

    assert [c for c in queue.net_connections() if c.status == psutil.CONN_LISTEN] == []
    assert Home(stack.home).socket.stat().st_mode & 0o077 == 0


def test_a_home_with_a_long_path_has_a_socket_that_the_kernel_takes(start: Start) -> None:
    stack = start("a-home-with-a-very-long-name-" * 5)

    stack.wait_until_up()

    assert len(os.fsencode(Home(stack.home).socket)) <= LONGEST_SOCKET_PATH
