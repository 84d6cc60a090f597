"""Every Redis key that axo uses, what it holds and how long it lives."""

WORKERS = "axo:workers"
"""Set of worker ids. Refreshed by each heartbeat; an id whose `worker(id)` is gone is removed by the reader."""

FRAMES = "axo:frames"
"""Stream of frames in flight; an entry lives until the recorder has journaled it. Fields: `FRAME_FIELDS`."""

FRAME_FIELDS = (b"job", b"attempt", b"first", b"frames")
"""Job id, attempt, seq of the first frame, and the frames' JSON, a line each, consecutive."""

EVENTS = "axo:events"
"""Pub/sub channel of public events (`axo_contracts.events`), with the ids that they have in `EVENTS_LOG`."""

EVENTS_LOG = "axo:events:log"
"""Stream of the newest `EVENTS_LOG_LENGTH` public events (field `event`), for a listener that was away."""

EVENTS_LOG_LENGTH = 50_000


def worker(worker_id: str) -> str:
    """Return the key of a worker's heartbeat: `WorkerState` as JSON, living for one lease."""
    return f"axo:worker:{worker_id}"


def farewell(worker_id: str) -> str:
    """Return the key of the boot id of a worker that left by itself. Lives for `FAREWELL_SECONDS`."""
    return f"axo:worker:{worker_id}:farewell"


FAREWELL_SECONDS = 60


def queue(worker_id: str) -> str:
    """Return the name (not the key) of a worker host's own RQ queue."""
    return f"axo-{worker_id}"


def lease(job_id: str) -> str:
    """Return the key of a job's lease: `{attempt}:{worker}:{boot}:{random}`, living for one lease."""
    return f"axo:lease:{job_id}"


SAFE_SHARE_OF_LEASE = 2 / 3
"""Whoever could not renew for so much of a lease stops its trainer for good, well before another may start."""


def fence(job_id: str) -> str:
    """Return the key of a job's fence, a hash: `min` is the lowest attempt that may run, `claimed` the newest that did.

    Lives for `FENCE_SECONDS` from its last change.
    """
    return f"axo:fence:{job_id}"


FENCE_SECONDS = 7 * 24 * 3600


def control(job_id: str) -> str:
    """Return the key, and the pub/sub channel, of what a run was asked to do: `{attempt}:{cancel|pause}`.

    The key is the truth and lives for `CONTROL_SECONDS`; the message on the channel of the same name is the nudge.
    """
    return f"axo:control:{job_id}"


CONTROL_SECONDS = 24 * 3600


def acknowledged(job_id: str, attempt: int) -> str:
    """Return the key of the last seq of an attempt that is in the journal and on disk. Lives for `ACK_SECONDS`."""
    return f"axo:ack:{job_id}:{attempt}"


ACK_SECONDS = 24 * 3600


def questions(worker_id: str) -> str:
    """Return the key of the list of ids of questions that a worker is to answer; its newest is on the left.

    Lives for `QUESTIONS_SECONDS` from its last change.
    """
    return f"axo:worker:{worker_id}:questions"


QUESTIONS_SECONDS = 600


def question(question_id: str) -> str:
    """Return the key of a question as JSON (`axo_contracts.questions`), living for as long as the asker waits."""
    return f"axo:question:{question_id}"


def answer(question_id: str) -> str:
    """Return the key of a list of one: the answer as JSON. Lives for `ANSWER_SECONDS`."""
    return f"axo:answer:{question_id}"


ANSWER_SECONDS = 30


def completions(worker_id: str) -> str:
    """Return the key of the list of ids of completions that a worker is to write; its newest is on the left.

    Lives for `QUESTIONS_SECONDS` from its last change.
    """
    return f"axo:worker:{worker_id}:completions"


def serving(worker_id: str) -> str:
    """Return the key of what a worker that serves has in memory (`ServingState`). Lives for `SERVING_SECONDS`."""
    return f"axo:worker:{worker_id}:serving"


SERVING_SECONDS = 15


def completion(completion_id: str) -> str:
    """Return the key of a completion as JSON (`axo_contracts.completions`).

    Lives for `WANTED_SECONDS`, over and over, as long as its asker waits.
    """
    return f"axo:completion:{completion_id}"


WANTED_SECONDS = 20


def completion_events(completion_id: str) -> str:
    """Return the key of the stream of a completion's events, made by the asker.

    Lives for `WRITTEN_SECONDS` from the last event, or from when its asker looked last.
    """
    return f"axo:completion:{completion_id}:events"


WRITTEN_SECONDS = 60


def notify_place(notifier: str) -> str:
    """Return the key of the id in `EVENTS_LOG` up to which a notifier has heard all."""
    return f"axo:notify:{notifier}:place"


def notify_story(notifier: str, subject: str) -> str:
    """Return the key of what a notifier knows of a job, a hash: `story`, `place`, and `sent:{destination}`.

    Lives for `NOTIFY_SECONDS` from the job's last event.
    """
    return f"axo:notify:{notifier}:story:{subject}"


def notify_due(notifier: str, destination: str) -> str:
    """Return the key of what a destination is still to be told, a hash: job ids, each with its newest event's place."""
    return f"axo:notify:{notifier}:due:{destination}"


NOTIFY_SECONDS = 30 * 24 * 3600
