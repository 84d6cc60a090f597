"""The slash commands in Slack, by the real slack-bolt in Socket Mode against a service that really trains."""

import asyncio
from typing import Any

from tests.notify_bots.conftest import RunBots
from tests.notify_bots.slack_server import STRANGER, TRAINERS_CHANNEL, SlackServer
from tests.stack.embedded import EmbeddedStack

Settings = dict[str, Any]


async def test_jobs_and_job_tell_of_a_job_that_has_ended(
    service: EmbeddedStack, slack: SlackServer, slack_settings: Settings, run: RunBots
) -> None:
    job_id = await asyncio.to_thread(service.submit, name="done", max_steps=5)
    await asyncio.to_thread(service.wait_for_end, job_id)
    run(api={"url": service.url}, slack=slack_settings)

    listed = await slack.command("/jobs", "succeeded", user=STRANGER)
    told = await slack.command("/job", "done", user=STRANGER)

    assert f"*done* `{job_id}` succeeded" in listed["text"]
    assert told["text"].splitlines()[0] == f"*done* `{job_id}` succeeded"
    assert "██████████ 100 %  step 5 of 5, loss 0.2" in told["text"]
    assert told["blocks"][0]["text"] == {"type": "mrkdwn", "text": told["text"], "verbatim": True}


async def test_cancel_asks_once_more_and_then_cancels_in_slack(
    service: EmbeddedStack, slack: SlackServer, slack_settings: Settings, run: RunBots
) -> None:
    job_id = await asyncio.to_thread(service.submit, name="cancelled-in-slack", max_steps=10_000)
    await asyncio.to_thread(service.wait_for_step, job_id, 1)
    run(api={"url": service.url}, slack=slack_settings)

    question = await slack.command("/cancel", "cancelled-in-slack")
    kept = await slack.press(question, "axo_keep")
    assert service.job(job_id)["status"] == "running"
    outcome = await slack.press(question, "axo_cancel")

    assert question["text"] == f"Cancel *cancelled-in-slack* `{job_id}`, which is running? It ends for good."
    assert kept["delete_original"] is True
    assert outcome["text"] == f"*cancelled-in-slack* `{job_id}` stops at its next step, for good."
    assert outcome["replace_original"] is True
    assert (await asyncio.to_thread(service.wait_for_end, job_id))["status"] == "cancelled"
    again = await slack.command("/cancel", job_id)
    assert again["text"].endswith("has already ended as cancelled; there is nothing to cancel.")


async def test_a_cancel_that_comes_too_late_is_told_so(
    service: EmbeddedStack, slack: SlackServer, slack_settings: Settings, run: RunBots
) -> None:
    first = await asyncio.to_thread(service.submit, max_steps=10_000)
    job_id = await asyncio.to_thread(service.submit, max_steps=5)
    run(api={"url": service.url}, slack=slack_settings)

    question = await slack.command("/cancel", job_id)
    service.tell(first, "cancel")
    await asyncio.to_thread(service.wait_for_status, job_id, "succeeded")
    outcome = await slack.press(question, "axo_cancel")

    assert outcome["text"] == f"Job {job_id} has already ended as succeeded; it cannot be cancelled."


async def test_who_is_not_listed_cancels_only_from_a_channel_that_is(
    service: EmbeddedStack, slack: SlackServer, slack_settings: Settings, run: RunBots
) -> None:
    job_id = await asyncio.to_thread(service.submit, resources={"gpus": 4})
    run(api={"url": service.url}, slack={**slack_settings, "readers": "listed"})

    question = await slack.command("/cancel", job_id)
    refusals = [
        await slack.command("/jobs", user=STRANGER),
        await slack.command("/cancel", job_id, user=STRANGER),
        await slack.press(question, "axo_cancel", user=STRANGER),
    ]
    assert service.job(job_id)["status"] == "queued"
    outcome = await slack.press(question, "axo_cancel", user=STRANGER, channel=TRAINERS_CHANNEL)

    assert [refusal["text"].partition(";")[0] for refusal in refusals] == [
        "You may not see the jobs here",
        "You may not cancel jobs here",
        "You may not cancel jobs here",
    ]
    assert outcome["text"].endswith(f"`{job_id}` is cancelled.")


async def test_a_socket_that_slack_closes_is_opened_again(
    service: EmbeddedStack, slack: SlackServer, slack_settings: Settings, run: RunBots
) -> None:
    run(api={"url": service.url}, slack=slack_settings)
    before = await slack.command("/jobs", "paused")

    await slack.drop()
    after = await slack.command("/jobs", "paused")

    assert before["text"] == after["text"] == "No job is paused."
    assert slack.connections == 2
