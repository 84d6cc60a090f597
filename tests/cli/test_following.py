"""`axo follow` and `axo logs -f`: one record, over as many connections as it takes."""

import os
import signal
import subprocess
import sys

from tests.cli.fake_service import Axo, Service
from tests.cli.recorded_job import JOB_ID
from tests.cli.stack_under_test import wait_until


def test_follow_shows_the_steps_and_the_end(axo: Axo) -> None:
    done = axo("follow", JOB_ID)

    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert "attempt 1 started on embedded" in lines
    assert "step 10 of 20, loss 0.6, 1 steps/s, 10 s left" in lines
    assert "line 10 \u2028 of the log" in done.stdout
    assert "loss 6 → 0.5 in 20 steps" in lines


def test_follow_goes_on_where_it_was_when_connections_drop(axo: Axo, service: Service) -> None:
    service.events_before_a_drop = 9
    service.busy_answers = 1

    done = axo("follow", JOB_ID, "--json")

    assert done.returncode == 0
    assert done.stdout.encode() == b"".join(line + b"\n" for line in service.journal)
    assert service.resumed_from == [0, 9, 18, 27, 36]
    assert "connecting again" in done.stderr


def test_follow_ends_with_1_for_a_job_that_failed(axo: Axo, service: Service) -> None:
    error = {"code": "nan_loss", "message": "The loss became NaN.", "log_tail": ["the end"]}
    service.jobs[0] |= {"status": "failed", "message": "The loss became NaN.", "error": error, "result": None}

    done = axo("follow", JOB_ID)

    assert done.returncode == 1
    assert f"{JOB_ID} failed: The loss became NaN." in done.stdout


def test_logs_follow_prints_the_log_alone(axo: Axo, service: Service) -> None:
    service.events_before_a_drop = 15

    done = axo("logs", "-f", JOB_ID)

    assert done.stdout == "".join(f"line {step} \u2028 of the log\n" for step in range(1, 21))


def test_ctrl_c_detaches_and_the_job_goes_on(service: Service) -> None:
    del service.journal[-1]  # it has not ended
    command = [sys.executable, "-m", "axo_cli", "follow", JOB_ID, "--url", service.url]
    following = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)
    wait_until(lambda: len(service.resumed_from) > 1, "the command to follow")

    following.send_signal(signal.SIGINT)
    told = following.communicate(timeout=30)[1]

    assert following.returncode == 130
    assert f"Detached; the job goes on. `axo follow {JOB_ID}` shows it again" in told
    assert "Traceback" not in told
    assert service.posted == []
