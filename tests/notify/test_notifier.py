"""`axo notify` as a process: what people are told of jobs, whatever happens to it and to the places."""

import threading
from typing import Any

from tests.loopback_server import running
from tests.notify.chat_server import Answer, ChatServer
from tests.notify.conftest import StartNotifier
from tests.notify.mail_server import MailServer
from tests.notify.told import JOB, Teller
from tests.redis_server import RedisServer
from tests.waiting import wait_for

from axo_contracts.redis_names import notify_story

SECONDS = 60


def webhook(chat: ChatServer, name: str = "token", edit_seconds: float = 0) -> dict[str, Any]:
    return {"discord_webhook": f"{chat.url}/discord/{name}", "edit_seconds": edit_seconds}


def shown(chat: ChatServer) -> list[str]:
    """Return what the messages say in Discord now, with their titles."""
    embeds = [message["embeds"][0] for message in chat.messages.values()]
    return [f"{embed['title']}\n{embed['description']}" for embed in embeds]


def wait_until_shown(chat: ChatServer, *texts: str) -> None:
    """Wait until there are so many messages, each with its text."""

    def look() -> bool:
        now = shown(chat)
        return len(now) == len(texts) and all(text in message for text, message in zip(texts, now, strict=True))

    wait_for(look, f"messages with {texts}", SECONDS)


def test_a_job_has_one_message_from_its_start_to_its_failure(
    start_notifier: StartNotifier, chat: ChatServer, teller: Teller
) -> None:
    start_notifier({"team": webhook(chat)})

    teller.moved("queued", "queued", "The job waits for a worker.")
    wait_until_shown(chat, "mine: queued")
    teller.moved("started", "running")
    teller.begins("org/model")
    teller.progressed(1, 2.0)
    teller.progressed(50, 1.0)
    wait_until_shown(chat, "step 50 of 100, loss 1, 2 steps/s, 25 s left")
    teller.progressed(51, None)
    teller.moved("failed", "failed", "The loss became NaN or infinite; lower learning_rate.")

    wait_until_shown(chat, "mine: failed\nThe loss became NaN or infinite; lower learning")
    assert [one.method for one in chat.requests].count("POST") == 1
    assert chat.requests[-1].json["embeds"][0]["footer"]["text"] == f"org/model · sft · alice · {JOB}"
    assert chat.requests[-1].parts["files[0]"].startswith(b"\x89PNG")


def test_a_notifier_that_was_killed_goes_on_with_its_message_and_tells_what_it_missed(
    start_notifier: StartNotifier, chat: ChatServer, teller: Teller
) -> None:
    first = start_notifier({"team": webhook(chat)})
    teller.moved("started", "running")
    wait_until_shown(chat, "mine: running")
    story = notify_story("default", JOB)
    wait_for(lambda: teller.redis.hexists(story, "sent:team"), "the message's id to be kept", SECONDS)
    first.kill()
    teller.progressed(10, 2.0)
    teller.progressed(20, 1.0)
    teller.moved("completed", "succeeded", "The training ended.")
    teller.moved("queued", "queued", "It waits.", job="ftjob-2", name="other")

    start_notifier({"team": webhook(chat)})

    wait_until_shown(chat, "The training ended", "other: queued")
    assert len(chat.of("POST")) == 2
    assert chat.of("PATCH")[-1].parts["files[0]"].startswith(b"\x89PNG")


def test_what_was_not_delivered_when_it_was_killed_is_delivered_later(
    start_notifier: StartNotifier, chat: ChatServer, teller: Teller
) -> None:
    never = threading.Event()
    chat.next_answers.append(Answer(200, body={"id": "1"}, when=never))
    first = start_notifier({"team": webhook(chat)})
    teller.moved("failed", "failed", "The disk is full.")
    wait_for(lambda: chat.requests, "the message to be on its way", SECONDS)
    first.kill()

    start_notifier({"team": webhook(chat)})

    wait_until_shown(chat, "The disk is full")


def test_events_that_come_twice_are_told_once(start_notifier: StartNotifier, chat: ChatServer, teller: Teller) -> None:
    start_notifier({"team": webhook(chat)})
    teller.moved("started", "running")
    teller.progressed(10, 2.0)
    teller.moved("completed", "succeeded", "The training ended.")
    wait_until_shown(chat, "The training ended")
    told = len(chat.requests)

    teller.tell_all_again()
    teller.moved("queued", "queued", "It waits.", job="ftjob-2", name="other")

    wait_until_shown(chat, "The training ended", "other: queued")
    assert len(chat.requests) == told + 1


def test_a_place_that_wants_fewer_messages_gets_the_newest_state_later(
    start_notifier: StartNotifier, chat: ChatServer, teller: Teller
) -> None:
    chat.next_answers += [Answer(429, {"Retry-After": "0.05"}), Answer(503), Answer(429, {"Retry-After": "0.05"})]
    start_notifier({"team": webhook(chat)})

    teller.moved("started", "running")

    wait_until_shown(chat, "mine: running")
    assert len(chat.requests) == 4


def test_a_place_that_does_not_answer_holds_up_no_other_and_skips_to_the_newest_state(
    start_notifier: StartNotifier, chat: ChatServer, teller: Teller
) -> None:
    released = threading.Event()
    rules = [{"to": ["slow"]}, {"to": ["team"], "name": "other"}]
    start_notifier({"slow": webhook(chat, "slow"), "team": webhook(chat, "team")}, rules)
    chat.next_answers.append(Answer(200, body={"id": "slow-1"}, when=released))
    chat.messages["slow-1"] = None
    teller.moved("started", "running")
    wait_for(lambda: chat.of("POST", "slow"), "the slow one to be asked", SECONDS)
    for step in range(1, 20):
        teller.progressed(step, 1.0)
    teller.moved("completed", "succeeded", "The training ended.")
    teller.moved("failed", "failed", "The disk is full.", job="ftjob-2", name="other")
    wait_for(lambda: chat.of("POST", "team"), "the other to be told", SECONDS)
    assert not chat.of("PATCH", "slow")

    released.set()

    wait_for(lambda: chat.of("PATCH", "slow"), "the edit", SECONDS)
    assert "The training ended" in chat.of("PATCH", "slow")[0].json["embeds"][0]["description"]


def test_a_dead_webhook_is_told_of_once_without_its_address_and_stops_no_other(
    start_notifier: StartNotifier, chat: ChatServer, teller: Teller
) -> None:
    dead = {"discord_webhook": f"{chat.url}/${{CHAT_SECRET}}", "edit_seconds": 0}
    chat.next_answers.append(Answer(401))
    rules = [{"to": ["dead"], "name": "first"}, {"to": ["team"], "name": "other"}]
    notifier = start_notifier({"dead": dead, "team": webhook(chat)}, rules)
    teller.moved("started", "running", name="first")
    wait_for(lambda: "refuses" in notifier.said(), "word of it", SECONDS)

    teller.moved("failed", "failed", "The disk is full.", name="first")
    teller.moved("failed", "failed", "The disk is full.", job="ftjob-2", name="other")

    wait_until_shown(chat, "other: failed")
    assert len(chat.of("POST", "seekrit")) == 1
    said = notifier.said()
    assert said.count("refuses") == 1
    assert "dead" in said
    assert "seekrit" not in said


def test_a_redis_that_was_away_is_listened_to_again(
    start_notifier: StartNotifier, chat: ChatServer, teller: Teller, redis_server: RedisServer
) -> None:
    notifier = start_notifier({"team": webhook(chat)})
    redis_server.kill()
    wait_for(lambda: "Redis is away" in notifier.said(), "word of it", SECONDS)

    redis_server.start()
    teller.moved("failed", "failed", "The disk is full.")

    wait_until_shown(chat, "mine: failed")
    assert notifier.process.poll() is None


def test_rules_say_whose_jobs_and_which_events_go_where(
    start_notifier: StartNotifier, chat: ChatServer, teller: Teller
) -> None:
    rules = [
        {"to": ["team"], "owner": "alice", "events": ["failed"]},
        {"to": ["team"], "model": "meta-llama/*", "events": ["started"]},
        {"to": ["team"], "events": ["axo.worker.lost.*"]},
    ]
    start_notifier({"team": webhook(chat)}, rules)

    jobs = [("ftjob-1", "alice", "org/a"), ("ftjob-2", "bob", "org/b"), ("ftjob-3", "bob", "meta-llama/c")]
    for job, owner, model in jobs:
        teller.moved("started", "running", job=job, name=job, owner=owner)
        teller.begins(model, job=job, name=job, owner=owner)
        teller.moved("failed", "failed", "It failed.", job=job, name=job, owner=owner)
    teller.worker_lost("gpu-host-1")

    wait_for(lambda: len(chat.messages) == 3, "three messages", SECONDS)
    assert sorted(message.splitlines()[0].split()[1] for message in shown(chat)) == [
        "ftjob-1:",
        "ftjob-3:",
        "gpu-host-1",
    ]


def test_what_cannot_be_edited_is_told_the_start_and_the_end(
    start_notifier: StartNotifier, chat: ChatServer, teller: Teller
) -> None:
    apprise = chat.url.replace("http://", "json://") + "/any"
    start_notifier({"slack": {"slack_webhook": f"{chat.url}/hook/1"}, "mail": {"apprise": apprise}})

    teller.moved("queued", "queued", "It waits.")
    teller.moved("started", "running")
    for path in ("/hook", "/any"):
        wait_for(lambda path=path: chat.of("POST", path), f"the start at {path}", SECONDS)  # type: ignore[misc]
    teller.progressed(10, 2.0)
    teller.moved("completed", "succeeded", "The training ended.")
    wait_for(lambda: len(chat.requests) == 4, "the ends", SECONDS)

    start, end = (one.json["text"] for one in chat.of("POST", "/hook"))
    assert start.startswith("*▶️ mine: running*")
    assert "The training ended." in end
    assert [one.json["title"] for one in chat.of("POST", "/any")] == ["▶️ mine: running", "✅ mine: succeeded"]


def test_the_end_of_a_job_is_mailed_with_its_chart(start_notifier: StartNotifier, teller: Teller) -> None:
    with running(MailServer()) as server:
        url = f"{server.url}&from=axo@axo.example&to=alice@axo.example"
        rule = {"to": ["mail"], "events": ["completed"]}
        notifier = start_notifier({"mail": {"apprise": url}}, [rule])

        teller.moved("started", "running")
        teller.progressed(10, 2.0)
        teller.progressed(20, 1.0)
        teller.moved("completed", "succeeded", "The training ended.")
        (mail,) = wait_for(lambda: server.mails, f"a mail; {notifier.said()}", SECONDS)

    body = mail.message.get_body(("plain", "html"))
    assert body is not None
    assert mail.recipients == ("alice@axo.example",)
    assert mail.message["Subject"] == "✅ mine: succeeded"
    assert "The training ended." in body.get_content()
    assert [part.get_filename() for part in mail.message.iter_attachments()] == ["loss.png"]


def test_it_stops_in_good_order(start_notifier: StartNotifier, chat: ChatServer) -> None:
    notifier = start_notifier({"team": webhook(chat)})

    notifier.stop()

    assert "Traceback" not in notifier.said()
