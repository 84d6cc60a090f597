"""The catalogue: files that a person edits, and what is said of a mistake in them."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.api.conftest import StartControlPlane

from axo_api.catalogue.reading import BadCatalogue, read_catalogue


def test_the_packaged_catalogue_has_the_open_families_and_three_presets() -> None:
    catalogue = read_catalogue(None)

    families = {"Llama", "Qwen2.5", "Qwen3", "Mistral", "gemma", "phi", "SmolLM2"}
    assert {family for family in families if any(family in name for name in catalogue.models)} == families
    assert set(catalogue.presets) == {"quick", "balanced", "quality"}


def test_an_operators_file_adds_models_and_replaces_presets(
    tmp_path: Path, start_control_plane: StartControlPlane
) -> None:
    own = tmp_path / "catalogue.yaml"
    own.write_text(
        "models:\n"
        "  - {id: our/model, architecture: LlamaForCausalLM, parameters: 5, context: 8, chat_template: chatml,\n"
        "     licence: ours, lora_targets: [q_proj]}\n"
        "presets:\n"
        "  quick: {description: Ours., hyperparameters: {max_steps: 7}}\n"
    )

    plane = start_control_plane(AXO_CATALOGUE=str(own))

    assert "our/model" in [model["id"] for model in plane.get("/v1/models")["data"]]
    job = plane.job(plane.submit(preset="quick"))
    assert job["spec"]["hyperparameters"]["max_steps"] == 7


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("models: [", "is not YAML"),
        ("modells: []", "modells"),
        ("models: [{id: a/b}]", "models.0.architecture"),
        ("presets: {x: {description: X., hyperparameters: {epochs: 3}}}", "presets.x: epochs"),
        ("presets: {x: {description: X., adapter: {lora_r: 0}}}", "presets.x: lora.lora_r"),
        ("- 1", "valid dictionary"),
    ],
)
def test_a_bad_catalogue_is_said_to_be_bad_and_where(tmp_path: Path, content: str, told: str) -> None:
    own = tmp_path / "catalogue.yaml"
    own.write_text(content)

    with pytest.raises(BadCatalogue) as refused:
        read_catalogue(own)

    assert str(own) in str(refused.value)
    assert told in str(refused.value)


def test_the_service_does_not_start_with_a_bad_catalogue_and_says_why_in_one_line(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"

    started = subprocess.run(
        [sys.executable, "-m", "axo_api"],
        env={"AXO_CATALOGUE": str(missing), "AXO_DATABASE_URL": f"sqlite:///{tmp_path}/axo.db"},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert started.returncode == 1
    assert started.stderr.startswith(f"The catalogue {missing} cannot be read")
    assert len(started.stderr.splitlines()) == 1
