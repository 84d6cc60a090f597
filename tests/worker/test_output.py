"""A trainer may print anything: lines of any length and any bytes, and as many as it likes."""

import os
import time

from tests.worker.rig import Rig

from axo_contracts.frames import MAX_TEXT_BYTES, Log, Progress
from axo_contracts.lifecycle import EndReason

MEGABYTE = 1024 * 1024


def test_a_million_lines_all_arrive_and_memory_stays_bounded(worker: Rig) -> None:
    worker.start("prints_a_million_lines")
    order = worker.order()
    worker.wait_for_training(order)
    horse = worker.process("horse", order)

    peak, started_at = 0, time.monotonic()
    while worker.ended(order) is None:
        peak = max(peak, horse.memory_info().rss)
        time.sleep(0.05)

    assert peak < 150 * MEGABYTE
    lines = worker.recorder.lines[order.job_id, order.attempt]
    assert sum(line.startswith(b'{"type":"log"') and b" of a thousand," in line for line in lines) == 1_000_000
    print(f"{1_000_000 / (time.monotonic() - started_at):,.0f} lines/s, peak {peak // MEGABYTE} MiB")


def test_a_giant_line_is_cut_and_marked(worker: Rig) -> None:
    worker.start("prints_one_giant_line")

    order = worker.order()
    assert worker.wait_for_end(order).reason is EndReason.COMPLETED

    giant, after = [frame for frame in worker.frames(order) if isinstance(frame, Log) and frame.source == "stdout"]
    assert giant.truncated
    assert len(giant.text) == MAX_TEXT_BYTES
    assert (after.text, after.truncated) == ("the line after", False)


def test_damaged_text_is_mended_and_an_unended_line_is_kept(worker: Rig) -> None:
    worker.start("prints_rubbish")

    order = worker.order()
    worker.wait_for_end(order)

    said = [frame.text for frame in worker.frames(order) if isinstance(frame, Log) and frame.source == "stdout"]
    assert said == ["zero\ufffdbyte", "broken \ufffd\ufffd utf-8", "windows", "no end"]


def test_a_progress_bar_is_progress_and_not_a_thousand_lines(worker: Rig) -> None:
    worker.start("repaints_a_bar")

    order = worker.order()
    worker.wait_for_end(order)

    progress = [frame for frame in worker.frames(order) if isinstance(frame, Progress)]
    assert 1 <= len(progress) <= 10
    assert (progress[-1].description, progress[-1].current, progress[-1].total) == ("Tokenizing", 1000, 1000)
    said = [frame.text for frame in worker.frames(order) if isinstance(frame, Log) and frame.source == "stderr"]
    assert said == ["after the bar"]


def test_the_trainer_sees_no_secret_of_the_service(worker: Rig) -> None:
    os.environ["AXO_PLANTED_SECRET"] = os.environ["HF_TOKEN"] = "secret"
    worker.start("shows_its_environment", AXO_TRAINER_PASS_ENV='["HF_TOKEN"]')
    del os.environ["AXO_PLANTED_SECRET"], os.environ["HF_TOKEN"]

    order = worker.order()
    worker.wait_for_end(order)

    names = {text.removeprefix("env ") for text in worker.texts(order) if text.startswith("env ")}
    assert {"AXOLOTL_DO_NOT_TRACK", "CUDA_VISIBLE_DEVICES", "HF_HOME", "HF_TOKEN", "OMP_NUM_THREADS"} <= names
    assert not names & {"AXO_PLANTED_SECRET", "AXO_REDIS_URL", "AXO_STORAGE_ROOT"}
