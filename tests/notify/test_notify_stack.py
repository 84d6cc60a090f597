"""The notifier beside the real service: it is away while a job trains, and catches up."""

from collections.abc import Callable

from tests.notify.chat_server import ChatServer
from tests.notify.conftest import NotifierProcess
from tests.stack.embedded import EmbeddedStack, wait_for

from axo_cli.embedded.home import Home


def test_a_notifier_that_was_away_catches_up_with_the_jobs_of_the_service(
    start_stack: Callable[..., EmbeddedStack], chat: ChatServer
) -> None:
    stack = start_stack(AXO_PROGRESS_EVENT_SECONDS="0.2")
    redis_url = Home(stack.home.absolute()).redis_url
    config = {
        "destinations": {"team": {"discord_webhook": f"{chat.url}/discord/1", "edit_seconds": 0}},
        "rules": [{"to": ["team"], "model": "*model"}],
        "api": {"url": stack.url},
        "public_url": "https://axo.example",
    }
    notifier = NotifierProcess(stack.home.parent, redis_url, config)
    try:
        notifier.wait_until_it_listens()
        job_id = stack.submit(max_steps=200, name="nightly")
        wait_for(lambda: chat.of("PATCH"), lambda: f"a message that it knows again: {notifier.said()}", 60)
        notifier.kill()
        stack.wait_for_end(job_id, 120)
        seen = len(chat.requests)

        notifier = NotifierProcess(stack.home.parent, redis_url, config)

        wait_for(lambda: _titled(chat, "succeeded"), lambda: f"the end: {notifier.said()}", 60)
        assert len(chat.messages) == 1
        assert len(chat.of("POST")) == 1
        assert len(chat.requests) > seen
        last = chat.requests[-1]
        assert "step 200 of 200" in last.json["embeds"][0]["description"]
        assert last.json["embeds"][0]["url"] == f"https://axo.example/v1/jobs/{job_id}"
        assert last.parts["files[0]"].startswith(b"\x89PNG")

        stack.submit(name="too-large", resources={"gpus": 4})  # it never starts: only the service knows its model
        wait_for(lambda: _titled(chat, "too-large"), lambda: f"what waits to be told: {notifier.said()}", 60)
    finally:
        notifier.kill()


def _titled(chat: ChatServer, text: str) -> bool:
    return any(text in message["embeds"][0]["title"] for message in chat.messages.values())
