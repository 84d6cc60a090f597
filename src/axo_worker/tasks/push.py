"""Pushing: a result is taken away with its manifest, and is there when that is."""

from . import push_to_hub, push_to_storage
from .output import write_json
from .parcel import packed
from .run import Run


def run(run: Run) -> None:
    """Write `push.json`: what lies where."""
    parcel = packed(run.config)
    to = run.config["to"]
    if to.startswith("hf://"):
        place = push_to_hub.push(run, parcel, to.removeprefix("hf://"), private=run.config["private"])
    else:
        place = push_to_storage.push(run, parcel, to)
    write_json(
        run.outputs / "push.json",
        {
            "to": to,
            **place,
            "model": parcel.model,
            "manifest": parcel.manifest_name,
            "bytes": parcel.bytes,
            "files": [{"path": item.name, "bytes": item.bytes, "sha256": item.sha256} for item in parcel.items],
            "left_out": parcel.left_out,
        },
    )
