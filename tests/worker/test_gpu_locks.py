"""A GPU that is served on goes back to training as soon as a run wants it; no file that is left behind holds it."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from tests.waiting import wait_for

from axo_worker.gpu_locks import Loan, taken


def test_only_a_gpu_that_no_run_has_is_lent(tmp_path: Path) -> None:
    with taken(tmp_path, [0]):
        loan = Loan.take(tmp_path, [0, 1])
        assert loan is not None
        assert loan.gpu == 1
        assert Loan.take(tmp_path, [0, 1]) is None
        loan.close()

    again = Loan.take(tmp_path, [0, 1])
    assert again is not None
    assert again.gpu == 0
    again.close()


def test_a_run_waits_until_a_lent_gpu_is_given_back(tmp_path: Path) -> None:
    loan = Loan.take(tmp_path, [0])
    assert loan is not None
    assert not loan.is_wanted
    has_begun = threading.Event()

    def run() -> None:
        with taken(tmp_path, [0]):
            has_begun.set()

    thread = threading.Thread(target=run)
    thread.start()
    wait_for(lambda: loan.is_wanted, "the run to want it")
    assert not has_begun.is_set()
    loan.close()

    assert has_begun.wait(10)
    thread.join()


def test_a_killed_borrower_holds_nothing(tmp_path: Path) -> None:
    borrow = (
        "import sys, time; from pathlib import Path; from axo_worker.gpu_locks import Loan;"
        "loan = Loan.take(Path(sys.argv[1]), [0]); print(loan.gpu, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", borrow, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ) as borrower:
        assert borrower.stdout is not None
        assert borrower.stdout.readline() == b"0\n"
        assert Loan.take(tmp_path, [0]) is None
        borrower.kill()

    with taken(tmp_path, [0]):
        assert Loan.take(tmp_path, [0]) is None
