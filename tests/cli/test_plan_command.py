"""`axo plan` and `axo models`: what they send, and what they print."""

import json
from pathlib import Path

from tests.cli.fake_service import Axo, Service

PLAN = {
    "object": "job.plan",
    "config_name": "tiny-2026-01-31-sft-1.yaml",
    "config_yaml": "base_model: org/tiny\n",
    "rows": 1200,
    "validation_rows": 60,
    "steps": 300,
    "epochs": 2.0,
    "tokens": {"total": 90000, "trained": 30000, "longest_row": 512, "is_exact": False},
    "parameters": {"total": 1000000, "trained": 1000},
    "memory": {
        "total_bytes": 3 * 2**30,
        "available_bytes": 24 * 2**30,
        "parts": [{"part": "base weights", "bytes": 2**31, "rests_on": "a guess"}],
    },
    "disk": {"total_bytes": 2**20, "checkpoints_kept": 3, "checkpoint_bytes": 2**18, "result_bytes": 2**18},
    "time": {"seconds": 754.0, "runs": 3, "rests_on": "40 tokens/s, the median of 3 ended runs"},
    "warnings": ["The data is large."],
}


def test_a_plan_is_printed_for_a_person_with_its_config_below(axo: Axo, service: Service, tmp_path: Path) -> None:
    service.plan = PLAN
    spec = tmp_path / "spec.yaml"
    (tmp_path / "rows.jsonl").write_text("{}\n")
    spec.write_text("base_model: org/tiny\ndatasets: [rows.jsonl]\n")

    done = axo("plan", str(spec), "--preset", "quick", "--max-steps", "300")

    assert done.returncode == 0, done.stderr
    for told in ("1,200, 60 to validate", "300, 2 epochs", "about 90,000, 30,000 with loss", "12 min 34 s", "3.0 GiB"):
        assert told in done.stdout
    assert "! The data is large." in done.stdout
    assert done.stdout.endswith("# tiny-2026-01-31-sft-1.yaml\nbase_model: org/tiny\n")
    path, _, sent = service.posted[0]
    assert path == "/v1/jobs/plan"
    assert (sent["preset"], sent["hyperparameters"]) == ("quick", {"max_steps": 300})
    assert sent["datasets"][0]["source"]["type"] == "file"


def test_what_a_plan_does_not_know_is_a_dash(axo: Axo, service: Service) -> None:
    unknown = dict.fromkeys(
        ("rows", "validation_rows", "steps", "epochs", "tokens", "parameters", "memory", "disk", "time")
    )
    service.plan = {**PLAN, **unknown}

    done = axo("plan", "--base-model", "org/tiny", "--data", __file__)

    assert done.returncode == 0, done.stderr
    assert "tokens      –" in done.stdout


def test_a_plan_is_json_for_programs(axo: Axo, service: Service) -> None:
    service.plan = PLAN

    done = axo("plan", "--base-model", "org/tiny", "--data", __file__, "--json")

    assert json.loads(done.stdout) == PLAN


def test_models_are_a_line_each(axo: Axo, service: Service) -> None:
    service.models = [
        {"id": "org/tiny", "kind": "base", "parameters": 494032768, "bytes": 988065536, "context": 32768}
        | {"licence": "Apache-2.0", "job_id": None},
        {"id": "ft:org/tiny:local::1", "kind": "trained", "parameters": None, "bytes": None, "context": None}
        | {"licence": None, "job_id": "ftjob-1"},
    ]

    done = axo("models")

    assert done.returncode == 0, done.stderr
    _, base, trained = done.stdout.splitlines()
    assert base.split() == ["org/tiny", "base", "0.49", "B", "942.3", "MiB", "32,768", "Apache-2.0"]
    assert trained.split()[0] == "ft:org/tiny:local::1"
