"""What bots say when they cannot do what was asked: one sentence, which does nothing to the chat."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.api_process import SPEC, ApiProcess
from tests.notify_bots.conftest import RunBots
from tests.notify_bots.discord_server import TRAINERS_ROLE, DiscordServer
from tests.notify_bots.slack_server import SlackServer

from axo_cli.demo.stack import free_port
from axo_notify.bots.settings import BotSettings

Settings = dict[str, Any]
HOSTILE = "@everyone <@123456789012345678> <!channel> [x](http://evil) *b* `c` <https://evil|y>"


async def test_an_unknown_job_is_said_to_be_unknown_without_any_mention_or_markup(
    plane: ApiProcess,
    discord: DiscordServer,
    discord_settings: Settings,
    slack: SlackServer,
    slack_settings: Settings,
    run: RunBots,
) -> None:
    run(api={"url": plane.url}, discord=discord_settings, slack=slack_settings)

    in_discord = await discord.command("job", job=HOSTILE)
    in_slack = await slack.command("/job", HOSTILE)
    by_id = await slack.command("/job", f"ftjob-{'0' * 26}")

    assert in_discord["allowed_mentions"]["parse"] == []
    assert in_discord["content"] == (
        "No job is named @\u200beveryone \\<@\u200b123456789012345678> \\<!channel> \\[x](http://evil) \\*b\\* "
        "\\`c\\` \\<https://evil\\|y>, and no job's id begins with it; /jobs lists the newest."
    )
    assert in_slack["text"] == (
        "No job is named @everyone &lt;@123456789012345678&gt; &lt;!channel&gt; [x](http://evil) ∗b∗ ˋcˋ "
        "&lt;https://evil|y&gt;, and no job's id begins with it; /jobs lists the newest."
    )
    assert by_id["text"].startswith("There is no job ")


async def test_what_a_job_was_given_as_its_model_has_no_effect_in_the_chat(
    plane: ApiProcess, discord: DiscordServer, discord_settings: Settings, run: RunBots
) -> None:
    job_id = plane.submit(base_model=_model(plane.home / HOSTILE))
    run(api={"url": plane.url}, discord=discord_settings)

    listed = await discord.command("jobs")
    told = await discord.command("job", job=job_id)

    for message in (listed, told):
        assert "@\u200beveryone \\<@\u200b123456789012345678>" in message["content"]
        assert message["allowed_mentions"]["parse"] == []


async def test_a_job_that_trains_nothing_is_told_by_the_model_that_it_is_about(
    plane: ApiProcess, discord: DiscordServer, discord_settings: Settings, run: RunBots
) -> None:
    asked = {"kind": "score", "model": _model(plane.home / "scored"), "texts": ["x"]}
    job_id = plane.http.post("/v1/jobs", json=asked).json()["id"]
    run(api={"url": plane.url}, discord=discord_settings)

    listed = await discord.command("jobs")
    told = await discord.command("job", job=job_id)

    assert f"/scored** `{job_id}` queued" in listed["content"]
    assert "/scored, score" in told["content"]


async def test_a_list_of_long_names_fits_one_message(
    plane: ApiProcess, discord: DiscordServer, discord_settings: Settings, run: RunBots
) -> None:
    for number in range(10):
        plane.submit(base_model=_model(plane.home / str(number) / ("_*" * 120)))
    run(api={"url": plane.url}, discord=discord_settings)

    *shown, rest = (await discord.command("jobs"))["content"].splitlines()

    assert "/9/\\_\\*" in shown[0]
    assert rest == f"… and {10 - len(shown)} more"


async def test_a_service_that_is_away_is_said_to_be_away(
    discord: DiscordServer, discord_settings: Settings, slack: SlackServer, slack_settings: Settings, run: RunBots
) -> None:
    run(api={"url": f"http://127.0.0.1:{free_port()}"}, discord=discord_settings, slack=slack_settings)

    answers = [
        (await discord.command("jobs"))["content"],
        (await discord.command("cancel", job="mine", roles=(TRAINERS_ROLE,)))["content"],
        (await slack.command("/job", "mine"))["text"],
    ]

    assert answers == ["axo cannot be reached at the moment; try again in a minute."] * 3
    assert await discord.suggestions("job", job="mi") == []


async def test_a_key_that_is_wrong_or_may_only_read_is_told_in_one_sentence(
    keyed_plane: ApiProcess, slack: SlackServer, slack_settings: Settings, run: RunBots
) -> None:
    training, reading = _keys(keyed_plane)
    job_id = keyed_plane.http.post("/v1/jobs", json=SPEC, headers=_bearer(training)).json()["id"]

    wrong = run(api={"url": keyed_plane.url, "key": "axo-wrong"}, slack=slack_settings)
    refused = await slack.command("/jobs")
    wrong.cancel()
    await asyncio.wait([wrong])
    slack.forget()
    run(api={"url": keyed_plane.url, "key": reading}, slack=slack_settings)
    question = await slack.command("/cancel", job_id)
    outcome = await slack.press(question, "axo_cancel")

    assert refused["text"].startswith("axo does not accept this bot's key; ")
    assert question["text"].startswith("Cancel *")
    assert outcome["text"].startswith("This key lacks the scope 'train', ")


async def test_a_bot_that_its_chat_refuses_is_told_of_and_does_not_stop_the_other(
    plane: ApiProcess,
    discord_settings: Settings,
    slack: SlackServer,
    slack_settings: Settings,
    run: RunBots,
    caplog: pytest.LogCaptureFixture,
) -> None:
    run(api={"url": plane.url}, discord={**discord_settings, "token": "wrong"}, slack=slack_settings)

    answer = await slack.command("/jobs", "paused")
    alone = run(api={"url": plane.url}, slack={**slack_settings, "app_token": "xapp-wrong"})
    await asyncio.wait_for(alone, 60)
    elsewhere = run(api={"url": plane.url}, discord={**discord_settings, "guild": 7})
    await asyncio.wait_for(elsewhere, 60)

    assert answer["text"] == "No job is paused."
    told = [record.message for record in caplog.records if record.name == "axo_notify.bots.running"]
    assert sorted(told) == [
        "Discord does not accept the bot's token (bots.discord.token).",
        "Discord does not let the bot into its server (bots.discord.guild); invite it.",
        "Slack does not accept the app (bots.slack.app_token): invalid_auth.",
    ]
    assert "xapp-wrong" not in caplog.text


def test_settings_say_what_is_missing_and_never_show_a_secret() -> None:
    api = {"url": "http://127.0.0.1:8400"}

    nothing = _errors({"api": api})
    swapped = _errors({"api": api, "slack": {"bot_token": "xapp-secret", "app_token": "xoxb-secret"}})
    incomplete = _errors({"api": api, "slack": {"bot_token": "xoxb-secret"}})

    assert "give a section `discord` or `slack`" in nothing
    assert "bot_token: it begins with xoxb-" in swapped
    assert "slack.app_token\n  Field required" in incomplete
    assert "secret" not in swapped + incomplete


def _model(folder: Path) -> str:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    return str(folder)


def _errors(settings: Settings) -> str:
    with pytest.raises(ValidationError) as raised:
        BotSettings.model_validate(settings)
    return str(raised.value)


def _keys(plane: ApiProcess) -> tuple[str, str]:
    """Start a control plane; return a key of one owner that may do all, and one that may only read."""
    command = [sys.executable, "-m", "axo_api", "keys", "create", "--owner", "us", "--scope", "admin"]
    made = subprocess.run(command, env=os.environ | plane.settings, capture_output=True, text=True, check=True)
    first = made.stdout.strip()
    plane.start()
    wanted = {"owner": "us", "scopes": ["read"]}
    return first, plane.http.post("/v1/keys", json=wanted, headers=_bearer(first)).json()["key"]


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
