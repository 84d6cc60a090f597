"""The slash commands in Discord, by the real discord.py against a service that really trains."""

import asyncio
import re
from typing import Any

from tests.notify_bots.conftest import RunBots
from tests.notify_bots.discord_server import GUILD, STRANGER, TRAINERS_ROLE, DiscordServer, Op
from tests.stack.embedded import EmbeddedStack

TRAINERS = (TRAINERS_ROLE,)
Settings = dict[str, Any]


async def test_jobs_lists_the_newest_with_bar_and_time_left(
    service: EmbeddedStack, discord: DiscordServer, discord_settings: Settings, run: RunBots
) -> None:
    job_id = await _running(service, "listed")
    run(api={"url": service.url}, discord=discord_settings)

    listed = await discord.command("jobs")
    running = await discord.command("jobs", status="running")
    paused = await discord.command("jobs", status="paused")

    assert re.search(rf"\*\*listed\*\* `{job_id}` running\n[█░]{{10}} \d+ %, .+ left", listed["content"])
    assert job_id in running["content"]
    assert paused["content"] == "No job is paused."
    await _cancelled(service, job_id)


async def test_job_says_how_a_run_goes_by_its_name_or_the_beginning_of_its_id(
    service: EmbeddedStack, discord: DiscordServer, discord_settings: Settings, run: RunBots
) -> None:
    job_id = await _running(service, "goes-on")
    run(api={"url": service.url}, discord=discord_settings)

    by_name = (await discord.command("job", job="goes-on"))["content"]
    by_id = (await discord.command("job", job=job_id[:-2]))["content"]
    offered = await discord.suggestions("job", job="goes-")

    assert by_name.startswith(f"**goes-on** `{job_id}` running\n")
    assert "sft, lora" in by_name
    assert " of 10000, loss " in by_name
    assert by_id.startswith(f"**goes-on** `{job_id}` running\n")
    assert {"name": "goes-on · running", "value": job_id} in offered
    await _cancelled(service, job_id)


async def test_a_waiting_job_says_why_it_waits(
    service: EmbeddedStack, discord: DiscordServer, discord_settings: Settings, run: RunBots
) -> None:
    job_id = await asyncio.to_thread(service.submit, resources={"gpus": 4}, name="waits")
    run(api={"url": service.url}, discord=discord_settings)

    told = await discord.command("job", job="waits")

    assert "waits: place 1: needs 4 GPUs on one host; the largest worker has 0" in told["content"]
    await _cancelled(service, job_id)


async def test_cancel_asks_once_more_and_then_cancels(
    service: EmbeddedStack, discord: DiscordServer, discord_settings: Settings, run: RunBots
) -> None:
    job_id = await _running(service, "cancelled-in-discord")
    run(api={"url": service.url}, discord=discord_settings)

    question = await discord.command("cancel", job=job_id, roles=TRAINERS)
    assert service.job(job_id)["status"] == "running"
    outcome = await discord.press(question, roles=TRAINERS)

    assert question["content"] == f"Cancel **cancelled-in-discord** `{job_id}`, which is running? It ends for good."
    assert outcome["content"] == f"**cancelled-in-discord** `{job_id}` stops at its next step, for good."
    assert outcome["components"] == []
    ended = await asyncio.to_thread(service.wait_for_end, job_id)
    assert ended["status"] == "cancelled"
    again = await discord.command("cancel", job=job_id, roles=TRAINERS)
    assert again["content"].endswith("has already ended as cancelled; there is nothing to cancel.")


async def test_who_is_not_listed_cancels_nothing_and_may_be_kept_from_reading(
    service: EmbeddedStack, discord: DiscordServer, discord_settings: Settings, run: RunBots
) -> None:
    job_id = await _running(service, "not-yours")
    run(api={"url": service.url}, discord={**discord_settings, "readers": "listed"})

    question = await discord.command("cancel", job=job_id, roles=TRAINERS)
    pressed = await discord.press(question, user=STRANGER)
    asked = await discord.command("cancel", job=job_id, user=STRANGER)
    listed = await discord.command("jobs", user=STRANGER)
    offered = await discord.suggestions("job", job="", user=STRANGER)

    refusals = [pressed["content"], asked["content"], listed["content"]]
    assert [refusal.partition(";")[0] for refusal in refusals] == [
        "You may not cancel jobs here",
        "You may not cancel jobs here",
        "You may not see the jobs here",
    ]
    assert offered == []
    assert service.job(job_id)["status"] == "running"
    await _cancelled(service, job_id)


async def test_a_dropped_connection_is_taken_up_again(
    service: EmbeddedStack, discord: DiscordServer, discord_settings: Settings, run: RunBots
) -> None:
    run(api={"url": service.url}, discord=discord_settings)
    before = await discord.command("jobs", status="paused")

    await discord.drop()
    after = await discord.command("jobs", status="paused")

    assert before["content"] == after["content"] == "No job is paused."
    assert discord.sessions == [Op.IDENTIFY, Op.RESUME]


async def test_commands_are_registered_in_the_one_server_or_everywhere(
    service: EmbeddedStack, discord: DiscordServer, discord_settings: Settings, run: RunBots
) -> None:
    run(api={"url": service.url}, discord={**discord_settings, "guild": None})

    await discord.command("jobs", status="paused")

    assert [command["name"] for command in discord.commands] == ["jobs", "job", "cancel"]
    assert discord.commands[0]["options"][0]["choices"][1] == {"name": "queued", "value": "queued"}
    assert str(GUILD) not in str(discord.commands)


async def _running(service: EmbeddedStack, name: str) -> str:
    job_id = await asyncio.to_thread(service.submit, name=name, max_steps=10_000)

    def has_an_end(job: dict[str, Any]) -> bool:
        return bool(job["progress"]) and job["progress"]["eta_seconds"] is not None

    await asyncio.to_thread(service.wait_for_job, job_id, has_an_end, "to have an end")
    return job_id


async def _cancelled(service: EmbeddedStack, job_id: str) -> None:
    """Leave the worker free for the next test."""
    service.tell(job_id, "cancel")
    await asyncio.to_thread(service.wait_for_end, job_id)
