"""A name that was moved, as the notifier tells it."""

from datetime import UTC, datetime

from axo_contracts.events import MODEL_PROMOTED, ModelEvent, decode_event
from axo_contracts.frames import encode
from axo_notify.event_names import is_named
from axo_notify.story import after


def test_a_move_is_a_story_of_its_own_under_the_word_promoted() -> None:
    event = ModelEvent(
        id="1-0",
        type=MODEL_PROMOTED,
        time=datetime.now(UTC),
        job="ftjob-1",
        owner="me",
        name="a job",
        message="ft:x@prod stands for this now: ft:y.",
        links={},
        model="ft:x@prod",
        stands_for="ft:y",
        before=None,
        moved_by="me",
        is_undo=False,
        gate=None,
    )

    told = after(None, decode_event(encode(event)))

    assert (told.job, told.name, told.has_ended) == (None, "ft:x@prod", True)
    assert is_named(event.type, "promoted")
