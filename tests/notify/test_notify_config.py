"""The notifier's file: what is wrong is said with where and how to mend it, and no secret is shown."""

import subprocess
import sys
from pathlib import Path

import pytest

from axo_notify.config_file import BadConfig, read_settings
from axo_notify.summary import summary

EXAMPLE = Path(__file__).parents[2] / "deploy" / "notify.example.yml"
SECRETS = {
    "DISCORD_WEBHOOK": "https://discord.com/api/webhooks/1/seekrit",
    "SLACK_BOT_TOKEN": "xoxb-seekrit",
    "MAIL_PASSWORD": "seekrit",
}
DESTINATION = "destinations: {team: {discord_webhook: 'https://discord.com/seekrit'}}\n"
RULE = "rules: [{to: [team]}]\n"


def refusal(folder: Path, text: str) -> str:
    file = folder / "notify.yml"
    file.write_text(text)
    with pytest.raises(BadConfig) as bad:
        read_settings(file, {})
    said = str(bad.value)
    assert "seekrit" not in said
    return said.removeprefix(f"{file}: ")


def test_the_example_is_read_with_its_secrets_from_the_environment() -> None:
    settings = read_settings(EXAMPLE, SECRETS)

    discord = settings.destinations["team"].discord_webhook
    assert discord is not None
    assert discord.get_secret_value() == SECRETS["DISCORD_WEBHOOK"]
    assert "seekrit" not in repr(settings)
    assert "seekrit" not in "\n".join(summary(settings))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (DESTINATION + "rules: [{to: [tema]}]", "rules.0.to: there is no destination 'tema'; there are team."),
        (DESTINATION + "rules: [{to: [team], evnts: [failed]}]", "rules.0.evnts: Extra inputs are not permitted."),
        (DESTINATION + "rules: [{to: [team], events: [fails]}]", "rules.0.events: 'fails' names no event; there are"),
        ("destinations: {team: {}}\n" + RULE, "destinations.team: give exactly one of discord_webhook"),
        (
            "destinations: {team: {discord_webhook: seekrit}}\n" + RULE,
            "destinations.team.discord_webhook: give the whole address: https://….",
        ),
        (
            "destinations: {team: {discord_webhook: '${HOOK}'}}\n" + RULE,
            "destinations.team.discord_webhook: the environment has no HOOK; set it, or write the value.",
        ),
        ("- a list", "it is no mapping of keys to values."),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_mend(tmp_path: Path, text: str, sentence: str) -> None:
    assert refusal(tmp_path, text).startswith(sentence)


def test_check_says_what_goes_where_or_what_is_wrong(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yml", tmp_path / "bad.yml"
    good.write_text(DESTINATION + "rules: [{to: [team], model: 'org/*', events: [failed]}]")
    bad.write_text("destinations: {mail: {apprise: 'seekrit'}}\nrules: [{to: [mail]}]")

    said = check(good)
    refused = check(bad)

    assert said.returncode == 0, said.stderr
    assert "team: a Discord webhook" in said.stdout
    assert "rule 1: failed of model org/* → team" in said.stdout
    assert refused.returncode == 2
    assert "destinations.mail.apprise: this is no URL of Apprise" in refused.stderr
    assert "seekrit" not in said.stdout + refused.stderr


def check(file: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "axo_cli", "notify", "--config", str(file), "--check"]
    return subprocess.run(command, capture_output=True, text=True, check=False)
