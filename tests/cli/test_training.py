"""`axo train`: from a spec file and flags to the request that the service gets."""

import json
from pathlib import Path

from tests.cli.fake_service import Axo, Service
from tests.cli.recorded_job import JOB_ID

ROWS = '{"messages": []}\n'
FIRST_FILE = {"type": "file", "file_id": f"file-{1:026d}"}


def test_a_spec_is_submitted_as_it_is_written(axo: Axo, service: Service, tmp_path: Path) -> None:
    source = {"type": "hub", "repo_id": "org/rows"}
    spec = {"base_model": "org/model", "datasets": [{"source": source}], "seed": 7}
    (tmp_path / "spec.yaml").write_text(json.dumps(spec))

    done = axo("train", tmp_path / "spec.yaml")

    assert done.returncode == 0
    assert done.stdout.startswith(JOB_ID)
    path, headers, body = service.posted[0]
    assert (path, body) == ("/v1/jobs", spec)
    assert headers["Idempotency-Key"]


def test_a_local_file_in_a_spec_is_uploaded_once(axo: Axo, service: Service, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(ROWS)
    chat = {"type": "chat_template", "field_messages": "turns"}
    (tmp_path / "spec.yaml").write_text(
        "base_model: ./model\n"
        f"datasets: [rows.jsonl, {{source: ./rows.jsonl, format: {json.dumps(chat)}}}]\n"
        "validation_datasets: [rows.jsonl]\n"
    )

    done = axo("train", tmp_path / "spec.yaml")

    assert done.returncode == 0, done.stderr
    assert len(service.uploads) == 1
    assert ROWS.encode() in service.uploads[0]
    assert service.posted[0][2] == {
        "base_model": str(tmp_path / "model"),
        "datasets": [{"source": FIRST_FILE}, {"source": FIRST_FILE, "format": chat}],
        "validation_datasets": [{"source": FIRST_FILE}],
    }


def test_flags_alone_make_a_spec(axo: Axo, service: Service, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(ROWS)

    axo("train", "--base-model", "org/model", "--data", rows, "--adapter", "full", "--epochs", "2", "--lr", "1e-4")

    assert service.posted[0][2] == {
        "base_model": "org/model",
        "datasets": [{"source": FIRST_FILE}],
        "adapter": {"type": "full"},
        "hyperparameters": {"num_epochs": 2.0, "learning_rate": 1e-4},
    }


def test_what_follows_is_said_in_flags_or_in_the_spec_with_its_own_local_files(
    axo: Axo, service: Service, tmp_path: Path
) -> None:
    (tmp_path / "rows.jsonl").write_text(ROWS)
    (tmp_path / "held-out.jsonl").write_text(ROWS)
    whole = {"base_model": "org/model", "datasets": ["rows.jsonl"]}
    chain = [{"kind": "merge"}, {"kind": "evaluate", "datasets": ["held-out.jsonl"]}]
    (tmp_path / "whole.yaml").write_text(json.dumps(whole | {"then": chain}))
    (tmp_path / "bare.yaml").write_text(json.dumps(whole))

    axo("train", tmp_path / "whole.yaml")
    axo("train", tmp_path / "bare.yaml", "--then", "merge", "--then", f"evaluate:{tmp_path}/held-out.jsonl")

    written, flagged = (body["then"] for path, _, body in service.posted if path == "/v1/jobs")
    assert [link["kind"] for link in written] == [link["kind"] for link in flagged] == ["merge", "evaluate"]
    assert written[1]["datasets"] == [{"source": FIRST_FILE}]
    assert flagged[1]["datasets"][0]["source"]["type"] == "file"


def test_flags_go_before_the_spec_and_keep_the_rest_of_it(axo: Axo, service: Service, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(
        "base_model: org/model\n"
        "datasets: [{source: {type: hub, repo_id: org/rows}}]\n"
        "adapter: {type: lora, lora_r: 8}\n"
        "hyperparameters: {num_epochs: 3, micro_batch_size: 1}\n"
    )

    axo("train", tmp_path / "spec.yaml", "--epochs", "1", "--adapter", "lora", "--name", "mine")

    body = service.posted[0][2]
    assert body["hyperparameters"] == {"num_epochs": 1.0, "micro_batch_size": 1}
    assert body["adapter"] == {"type": "lora", "lora_r": 8}
    assert body["name"] == "mine"


def test_train_and_follow_ends_as_the_job_does(axo: Axo, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("base_model: m\ndatasets: [{source: {type: hub, repo_id: org/rows}}]\n")

    done = axo("train", tmp_path / "spec.yaml", "-f")

    assert done.returncode == 0
    assert "loss 6 → 0.5 in 20 steps" in done.stdout


def test_a_file_that_is_not_there_is_told_before_anything_is_sent(axo: Axo, service: Service, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("base_model: m\ndatasets: [gone.jsonl]\n")

    done = axo("train", tmp_path / "spec.yaml")

    assert done.returncode == 2
    assert done.stderr.startswith(f"There is no file {tmp_path / 'gone.jsonl'};")
    assert (service.uploads, service.posted) == ([], [])


def test_a_refused_spec_is_told_in_the_services_words(axo: Axo, service: Service, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("base_model: m\ndatasets: [{source: {type: hub, repo_id: org/rows}}]\n")
    service.refusal = (422, {"code": "invalid_request", "message": "seed: give a number; got -1.", "param": "seed"})

    done = axo("train", tmp_path / "spec.yaml")

    assert (done.returncode, done.stderr) == (2, "seed: give a number; got -1.\n")


def test_nothing_to_train_is_told(axo: Axo) -> None:
    done = axo("train", "--name", "mine")

    assert (done.returncode, done.stderr) == (
        2,
        "There is nothing to train yet: give a SPEC.yaml, or --base-model and --data.\n",
    )


def test_a_file_that_is_no_spec_is_told(axo: Axo, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("base_model: [\n")

    done = axo("train", tmp_path / "spec.yaml")

    assert done.returncode == 2
    assert "is not YAML" in done.stderr
    assert "Traceback" not in done.stderr


CONFIG = """
base_model: org/model
adapter: lora
datasets:
  - path: ./rows.jsonl
    type: alpaca
  - path: org/data
    type: alpaca
learning_rate: 1e-4
micro_batch_size: 2
"""


def test_an_axolotl_config_is_submitted_whole_with_its_local_data_uploaded(
    axo: Axo, service: Service, tmp_path: Path
) -> None:
    (tmp_path / "rows.jsonl").write_text(ROWS)
    (tmp_path / "config.yml").write_text(CONFIG)

    done = axo("train", "--name", "whole", "--max-steps", "3", tmp_path / "config.yml")

    assert done.returncode == 0, done.stderr
    assert len(service.uploads) == 1
    assert service.posted[0][2] == {
        "name": "whole",
        "config": {
            "base_model": "org/model",
            "adapter": "lora",
            "datasets": [{"path": FIRST_FILE["file_id"], "type": "alpaca"}, {"path": "org/data", "type": "alpaca"}],
            "learning_rate": "1e-4",
            "micro_batch_size": 2,
            "max_steps": 3,
        },
    }


def test_flags_that_mean_a_field_of_a_spec_cannot_go_over_an_axolotl_config(
    axo: Axo, service: Service, tmp_path: Path
) -> None:
    (tmp_path / "config.yml").write_text(CONFIG)

    done = axo("train", "--method", "dpo", tmp_path / "config.yml")

    assert done.returncode == 2
    assert "--method" in done.stderr
    assert service.posted == []


def test_a_key_that_is_written_twice_is_told_with_its_line(axo: Axo, tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text(CONFIG + "adapter: qlora\n")

    done = axo("train", tmp_path / "config.yml")

    assert done.returncode == 2
    assert "line 11: the key 'adapter' is there already, in line 3" in done.stderr
