"""From events to messages: takes each event into its job's story, and has those told whom the rules name."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace
from redis.asyncio import Redis

from axo_contracts.events import JOB_EVENTS, ConfigEvent, Event, JobEvent
from axo_contracts.lifecycle import JobStatus
from axo_notify.event_names import is_named
from axo_notify.listening import events_behind, newest_place
from axo_notify.models import Models
from axo_notify.outbox import Outbox
from axo_notify.settings import Rule
from axo_notify.store import Kept, Store
from axo_notify.story import Story, after


class Notifier:
    """One notifier: it hears all, and what it has heard is kept before anybody is told."""

    def __init__(self, rules: Sequence[Rule], outboxes: Mapping[str, Outbox], store: Store, models: Models) -> None:
        self._rules, self._outboxes, self._store, self._models = rules, outboxes, store, models
        self._asks_for_models = any(rule.model is not None for rule in rules)

    async def listen(self, redis: Redis) -> None:
        """Take in each event behind the last that was taken in, for ever; at the very first start, each from now on."""
        place = await self._store.place()
        if place is None:
            place = await newest_place(redis)
            await self._store.pass_over(place)
        async for heard in events_behind(redis, place):
            if heard.event is None:
                await self._store.pass_over(heard.place)
            else:
                await self._take(heard.event, heard.place)

    async def _take(self, event: Event, place: str) -> None:
        subject = event.job if isinstance(event, JobEvent) else event.id
        kept = await self._store.read(subject)
        story = await self._with_model(after(kept.story, event))
        if story == kept.story:
            await self._store.pass_over(place)
            return
        names = self._destinations(event, story, kept)
        await self._store.keep(subject, story, place, names)
        for name in names:
            self._outboxes[name].tell(subject, at_once=story.has_ended)

    async def _with_model(self, story: Story) -> Story:
        if story.model is not None or story.job is None or not self._asks_for_models:
            return story
        return replace(story, model=await self._models.of(story.job))

    def _destinations(self, event: Event, story: Story, kept: Kept) -> list[str]:
        """Return who is told: whom a rule names, and who has a message of this job already, which is kept true."""
        named = {name for rule in self._rules if _is_about(rule, event, story) for name in rule.to}
        return [name for name, box in self._outboxes.items() if name in named or (box.can_edit and name in kept.sent)]


def _is_about(rule: Rule, event: Event, story: Story) -> bool:
    kinds = [event.type]
    if rule.model is not None and isinstance(event, ConfigEvent):
        kinds.append(JOB_EVENTS[JobStatus.RUNNING])  # from now on the model is known: for this rule the job starts here
    known: dict[str, Any] = {"owner": story.owner, "model": story.model, "name": story.name}
    return rule.fits(**known) and any(is_named(kind, pattern) for kind in kinds for pattern in rule.events)
