"""What the commands print, and how they end."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from tests.cli.fake_service import Axo, Service
from tests.cli.recorded_job import JOB_ID, job


def test_list_shows_a_line_a_job(axo: Axo) -> None:
    done = axo("list")

    assert done.returncode == 0
    header, line = done.stdout.splitlines()
    assert header.split() == ["JOB", "NAME", "STATUS", "STEP", "LOSS", "CREATED"]
    assert line.split()[:5] == [JOB_ID, "first", "succeeded", "20/20", "0.5"]


def test_show_says_the_pace_of_a_running_job_and_a_loss_that_is_no_number(axo: Axo, service: Service) -> None:
    pace = {"steps_per_second": 2.0, "tokens_per_second": 512.0, "eta_seconds": 720.0, "phase": "evaluating"}
    service.jobs[0]["progress"] |= pace | {"loss": None, "non_finite": {"loss": "nan"}}

    shown = axo("show", JOB_ID).stdout

    assert "6 → nan" in shown
    assert "2 steps/s, 512 tokens/s, about 12 min left" in shown
    assert "evaluating" in shown


def test_show_says_what_a_queued_job_waits_for(axo: Axo, service: Service) -> None:
    waiting = {"position": 3, "reason": "needs 2 GPUs, 1 free", "estimated_start": None}
    service.jobs[0] |= {"status": "queued", "progress": None, "waiting": waiting}

    assert "place 3: needs 2 GPUs, 1 free" in axo("show", JOB_ID).stdout


def test_json_is_what_the_service_said(axo: Axo, service: Service) -> None:
    shown = axo("show", JOB_ID, "--json")
    listed = axo("list", "--json")

    assert json.loads(shown.stdout) == service.jobs[0]
    assert json.loads(listed.stdout)["data"] == service.jobs


@pytest.mark.parametrize("meant", [JOB_ID, JOB_ID[:12], JOB_ID.removeprefix("ftjob-")[:9], "first", "latest"])
def test_a_job_may_be_named_shortly(axo: Axo, meant: str) -> None:
    done = axo("show", meant)

    assert done.returncode == 0
    assert JOB_ID in done.stdout
    assert "6 → 0.5" in done.stdout


def test_a_name_that_fits_two_jobs_is_refused(axo: Axo, service: Service) -> None:
    service.jobs.append(job(id=JOB_ID[:-1] + "b"))

    done = axo("show", JOB_ID[:12])

    assert done.returncode == 2
    assert done.stderr.startswith(f"'{JOB_ID[:12]}' fits 2 jobs")


def test_an_unknown_job_is_one_sentence(axo: Axo) -> None:
    done = axo("show", "nothing-of-the-kind")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "No job is named 'nothing-of-the-kind', and no job's id begins with it; `axo list` shows the jobs.\n"
    )


def test_the_services_refusal_is_what_is_told(axo: Axo) -> None:
    done = axo("show", "ftjob-00000000000000000000000000")

    assert (done.returncode, done.stderr) == (2, "There is no such job.\n")


def test_a_service_that_is_not_there_is_one_sentence(axo: Axo) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

        done = axo("list", url=url)

    assert done.returncode == 1
    assert done.stderr == f"No axo service answers at {url}; start one with `axo up`, or give --url.\n"


def test_an_address_that_is_none_is_one_sentence(axo: Axo) -> None:
    done = axo("list", url="127.0.0.1:8400")

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_cancel_says_what_happens_next(axo: Axo, service: Service) -> None:
    service.jobs[0]["status"] = "cancelling"

    done = axo("cancel", "first")

    assert done.stdout == f"{JOB_ID} stops at its next step (cancelling).\n"
    assert service.posted[0][0] == f"/v1/jobs/{JOB_ID}/cancel"


def test_a_failed_job_shows_why_and_its_last_lines(axo: Axo, service: Service) -> None:
    error = {"code": "oom_gpu", "message": "The GPU ran out of memory.", "log_tail": ["a [bold] line", "the end"]}
    service.jobs[0] |= {"status": "failed", "error": error, "result": None}

    done = axo("show", JOB_ID)

    assert "oom_gpu: The GPU ran out of memory." in done.stdout
    assert done.stdout.endswith("a [bold] line\nthe end\n")


def test_names_and_rows_of_files_are_shown_as_they_are(axo: Axo, service: Service) -> None:
    bad_row = '{"text": "[INST] :warning: [/INST]"'
    problem = {"row": 2, "line": 2, "reason": "It is not JSON.", "excerpt": bad_row}
    service.answers |= {
        "/v1/files": {"data": [{"id": "file-1", "filename": "a[b].jsonl", "bytes": 9, "rows": 2, "created_at": 0}]},
        "/v1/files/file-1/report": _report(problems=[problem]),
    }

    listed, reported = axo("files", "list"), axo("files", "report", "file-1")

    assert " a[b].jsonl " in listed.stdout, listed.stderr
    assert bad_row in reported.stdout, reported.stderr


def test_logs_are_printed_as_they_are(axo: Axo) -> None:
    assert axo("logs", JOB_ID).stdout == "one\ntwo\n"


def test_only_the_end_of_a_line_ends_a_line(axo: Axo, service: Service, tmp_path: Path) -> None:
    odd = "one \u2028 line \x85 of \u2029 it"
    row = json.dumps({"messages": [{"role": "user", "content": odd}], "answer": odd}, ensure_ascii=False)
    service.log = f"{odd}\n"
    service.answers[f"/v1/jobs/{JOB_ID}/artifacts/1/generations.jsonl"] = f"{row}\n{row}\n"
    (prompts := tmp_path / "prompts.jsonl").write_text(f"{row}\n")

    generated = axo("generate", "first", prompts)
    logged = axo("logs", JOB_ID, "--json")

    assert generated.returncode == 0, generated.stderr
    assert generated.stdout.endswith(f"{odd}\n{odd}\n")
    assert json.loads(logged.stdout)["lines"] == [odd]


def test_a_name_for_a_checkpoint_is_not_pulled_as_its_jobs_result(axo: Axo, service: Service, tmp_path: Path) -> None:
    checkpoint = f"ft:tiny:local:first:{JOB_ID}:ckpt-step-10"
    service.answers["/v1/models/ft%3Asupport%40prod"] = {"alias_of": checkpoint, "job_id": JOB_ID}

    done = axo("pull", "ft:support@prod", tmp_path / "pulled")

    assert done.returncode == 2
    assert f"{checkpoint}, which ft:support@prod stands for, is a checkpoint" in done.stderr
    assert not (tmp_path / "pulled").exists()


def test_the_api_key_is_sent_as_a_bearer_token(axo: Axo, service: Service) -> None:
    axo("cancel", JOB_ID, AXO_API_KEY="key-1")

    assert service.posted[0][1]["Authorization"] == "Bearer key-1"


def _report(problems: list[dict[str, Any]]) -> dict[str, Any]:
    counts = {"rows": 2, "bad_rows": len(problems), "bytes": 9, "unpacked_bytes": None}
    return counts | {
        "format": None,
        "turns": None,
        "characters": None,
        "roles": {},
        "warnings": [],
        "problems": problems,
    }
