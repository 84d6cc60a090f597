"""What each kind of place is sent, over HTTP as it is spoken there, and what its refusals mean."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from tests.notify.chat_server import Answer, ChatServer
from tests.notify.pictures import size_of_png

from axo_contracts.lifecycle import JobStatus
from axo_contracts.standing import Standing
from axo_notify.card import Card, card_of
from axo_notify.destinations import sender_for
from axo_notify.destinations.sender import Refused, Sender, TryLater
from axo_notify.settings import Destination
from axo_notify.story import Point, Story

IMPORTS_IMGHDR = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise does
NOW = datetime(2026, 1, 1, tzinfo=UTC)
STORY = Story(
    job="ftjob-1",
    name="mine",
    owner="alice",
    message="The job's trainer was started.",
    path="/v1/jobs/ftjob-1",
    status=JobStatus.RUNNING,
    standing=Standing(attempt=1, time=NOW, phase="training", step=42, max_steps=100, loss=0.5, eta_seconds=720.0),
    points=(Point(1, 2.0), Point(2, None), Point(3, 1.0)),
)


def card(**changes: Any) -> Card:
    return card_of(msgspec.structs.replace(STORY, **changes), "https://axo.example", NOW)


def sender(**destination: Any) -> Sender:
    return sender_for(Destination.model_validate(destination))


async def test_a_discord_webhook_has_one_message_that_is_edited_with_its_chart(chat: ChatServer) -> None:
    discord = sender(discord_webhook=f"{chat.url}/discord/webhooks/1/token?thread_id=7")

    sent = await discord.send(card(), None)
    again = await discord.send(card(status=JobStatus.SUCCEEDED), sent.message)

    assert again.message == sent.message
    post, patch = chat.requests
    assert (post.method, post.path, post.query) == (
        "POST",
        "/discord/webhooks/1/token",
        {"thread_id": ["7"], "wait": ["true"]},
    )
    assert (patch.method, patch.path) == ("PATCH", f"/discord/webhooks/1/token/messages/{sent.message}")
    embed = post.json["embeds"][0]
    assert "████████░░░░░░░░░░░░ 42 %" in embed["description"]
    assert "step 42 of 100, loss 0.5, 12 min left" in embed["description"]
    assert (embed["url"], embed["image"]) == ("https://axo.example/v1/jobs/ftjob-1", {"url": "attachment://loss.png"})
    assert size_of_png(patch.parts["files[0]"]) == (480, 200)
    assert patch.json["attachments"] == [{"id": 0, "filename": "loss.png"}]
    await discord.close()


async def test_a_message_that_was_deleted_in_discord_is_posted_anew(chat: ChatServer) -> None:
    discord = sender(discord_webhook=f"{chat.url}/discord/webhooks/1/token")
    sent = await discord.send(card(), None)
    chat.messages.clear()

    again = await discord.send(card(), sent.message)

    assert list(chat.messages) == [again.message]
    assert [one.method for one in chat.requests] == ["POST", "PATCH", "POST"]
    await discord.close()


async def test_a_discord_bot_posts_into_its_channel_with_its_token(chat: ChatServer) -> None:
    bot = {"token": "seekrit", "channel": 123, "api_base": f"{chat.url}/discord/api/"}
    discord = sender(discord_bot=bot)

    sent = await discord.send(card(points=()), None)
    await discord.send(card(points=()), sent.message)

    post, patch = chat.requests
    assert post.path == "/discord/api/channels/123/messages"
    assert patch.path == f"/discord/api/channels/123/messages/{sent.message}"
    assert {one.headers["authorization"] for one in chat.requests} == {"Bot seekrit"}
    assert "attachments" in post.json
    await discord.close()


@pytest.mark.parametrize("destination", ["discord_webhook", "slack_webhook"])
async def test_what_people_wrote_mentions_nobody(chat: ChatServer, destination: str) -> None:
    place = sender(**{destination: f"{chat.url}/discord/webhooks/1/token"})
    hostile = "<!channel> @everyone <@1> [click](http://x) & `rm`"

    await place.send(card(status=JobStatus.FAILED, message=hostile), None)

    said = chat.requests[0].json
    if destination == "discord_webhook":
        assert said["allowed_mentions"] == {"parse": []}
        assert r"\<!channel\> \@everyone \<\@1\> \[click\]" in said["embeds"][0]["description"]
    else:
        assert "&lt;!channel&gt; @everyone &lt;@1&gt; [click](http://x) &amp; `rm`" in said["text"]
    await place.close()


async def test_a_slack_bot_edits_its_message_and_shows_the_chart_at_the_end(chat: ChatServer) -> None:
    slack = sender(slack_bot={"token": "xoxb-seekrit", "channel": "C1", "api_base": f"{chat.url}/slack"})

    sent = await slack.send(card(), None)
    await slack.send(card(status=JobStatus.SUCCEEDED, message="All is well."), sent.message)

    assert [one.path.rsplit("/", 1)[1] for one in chat.requests] == [
        "chat.postMessage",
        "chat.update",
        "files.getUploadURLExternal",
        "upload",
        "files.completeUploadExternal",
    ]
    assert "All is well." in next(iter(chat.messages.values()))
    assert chat.requests[0].headers["authorization"] == "Bearer xoxb-seekrit"
    assert size_of_png(next(iter(chat.requests[3].parts.values()))) == (480, 200)
    await slack.close()


async def test_a_message_that_was_deleted_in_slack_is_posted_anew(chat: ChatServer) -> None:
    slack = sender(slack_bot={"token": "xoxb-seekrit", "channel": "C1", "api_base": f"{chat.url}/slack"})

    sent = await slack.send(card(), "C1 99.9")

    assert sent.message == "C1 17.0"
    await slack.close()


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"Retry-After": "7"}, None, 7.0),
        ({"Retry-After": "0.25"}, {"retry_after": 9}, 0.25),
        ({"X-RateLimit-Reset-After": "1.5"}, None, 1.5),
        ({}, {"retry_after": 0.5}, 0.5),
        ({"Retry-After": "soon"}, None, None),
    ],
)
async def test_a_place_that_wants_fewer_messages_says_for_how_long(
    chat: ChatServer, headers: dict[str, str], body: Any, seconds: float | None
) -> None:
    discord = sender(discord_webhook=f"{chat.url}/discord/webhooks/1/token")
    chat.next_answers.append(Answer(429, headers, body))

    with pytest.raises(TryLater) as later:
        await discord.send(card(), None)

    assert later.value.seconds == seconds
    await discord.close()


async def test_discord_is_left_alone_when_its_limit_is_used_up(chat: ChatServer) -> None:
    discord = sender(discord_webhook=f"{chat.url}/discord/webhooks/1/token")
    limits = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "0.75"}
    chat.next_answers.append(Answer(200, limits, {"id": "1"}))

    assert (await discord.send(card(), None)).rest_seconds == 0.75
    await discord.close()


async def test_slacks_own_limit_is_read_from_its_answer(chat: ChatServer) -> None:
    slack = sender(slack_bot={"token": "xoxb-seekrit", "channel": "C1", "api_base": f"{chat.url}/slack"})
    chat.next_answers.append(Answer(429, {"Retry-After": "3"}, {"ok": False, "error": "ratelimited"}))

    with pytest.raises(TryLater) as later:
        await slack.send(card(), None)

    assert later.value.seconds == 3
    await slack.close()


@pytest.mark.parametrize("status", [401, 403, 404, 410])
@pytest.mark.parametrize("destination", ["discord_webhook", "slack_webhook"])
async def test_a_webhook_that_is_gone_refuses(chat: ChatServer, destination: str, status: int) -> None:
    place = sender(**{destination: f"{chat.url}/any/seekrit"})
    chat.next_answers.append(Answer(status))

    with pytest.raises(Refused) as refused:
        await place.send(card(), None)

    assert "seekrit" not in str(refused.value)
    await place.close()


async def test_a_slack_token_that_is_wrong_refuses(chat: ChatServer) -> None:
    slack = sender(slack_bot={"token": "xoxb-seekrit", "channel": "C1", "api_base": f"{chat.url}/slack"})
    chat.next_answers.append(Answer(200, body={"ok": False, "error": "invalid_auth"}))

    with pytest.raises(Refused, match="invalid_auth"):
        await slack.send(card(), None)
    await slack.close()


@pytest.mark.parametrize("kind", ["discord_webhook", "slack_webhook", "slack_bot"])
async def test_a_place_that_is_broken_or_away_is_tried_later(chat: ChatServer, kind: str) -> None:
    broken, away = (sender(**{kind: _at(kind, url)}) for url in (chat.url, "http://127.0.0.1:1"))
    chat.next_answers.append(Answer(503, body="<html>no JSON</html>"))

    for place in (broken, away):
        with pytest.raises(TryLater):
            await place.send(card(), None)
        await place.close()


def _at(kind: str, url: str) -> Any:
    return {"token": "xoxb-seekrit", "channel": "C1", "api_base": url} if kind == "slack_bot" else f"{url}/any"


@IMPORTS_IMGHDR
async def test_apprise_is_told_with_the_chart_at_the_end(chat: ChatServer) -> None:
    apprise = sender(apprise=chat.url.replace("http://", "json://") + "/any")

    await apprise.send(card(status=JobStatus.FAILED, message="The disk is full."), None)

    said = chat.requests[0].json
    assert said["title"] == "❌ mine: failed"
    assert "The disk is full." in said["message"]
    assert said["attachments"][0]["filename"] == "loss.png"


@IMPORTS_IMGHDR
async def test_what_apprise_cannot_send_is_tried_later(chat: ChatServer) -> None:
    apprise = sender(apprise=chat.url.replace("http://", "json://") + "/any")
    chat.next_answers.append(Answer(500))

    with pytest.raises(TryLater):
        await apprise.send(card(), None)
