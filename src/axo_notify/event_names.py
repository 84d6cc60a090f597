"""What people call events: a type with wildcards, or the word in it."""

from fnmatch import fnmatchcase


def is_named(kind: str, pattern: str) -> bool:
    """Return whether an event's type is what `pattern` names: axo.job.*, or the word of a job's or worker's event.

    The words leave the metrics' types out, whose `completed` comes before the job's.
    """
    if pattern.startswith("axo."):
        return fnmatchcase(kind, pattern)
    _, about, word, _ = kind.split(".")
    return about != "metrics" and fnmatchcase(word, pattern)
