"""Pushing to a hub, whichever HF_ENDPOINT names: large files by Git LFS, then one commit with all of them or none."""

import hashlib
import re
from typing import Any

import httpx
from huggingface_hub import CommitOperationAdd, HfApi

from .parcel import Item, Parcel, Progress, PushFailed, WatchedFile, is_on_hub
from .run import Run, Stopped

CARD = "README.md"
_BASE = re.compile(r"^base_model:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)


def push(run: Run, parcel: Parcel, repository: str, *, private: bool) -> dict[str, Any]:
    """Commit a parcel to a repository, made when there is none, and return which commit it is. Raises `PushFailed`."""
    try:
        return {"revision": _pushed(run, parcel, repository, private=private)}
    except (httpx.HTTPError, OSError, ValueError, RuntimeError) as error:
        if run.is_to_stop:  # the library has wrapped it
            raise Stopped from error
        raise PushFailed(f"hf://{repository}: {' '.join(str(error).split())}") from error


def _pushed(run: Run, parcel: Parcel, repository: str, *, private: bool) -> str:
    hub = HfApi()
    hub.create_repo(repository, private=private, exist_ok=True)
    before = hub.model_info(repository)
    if private and not before.private:
        raise PushFailed(f"hf://{repository} is public already; say private: false, or push to another")
    progress = Progress(run, 2 * parcel.bytes)
    additions = [CommitOperationAdd(parcel.manifest_name, parcel.manifest)]
    card = _card_in_place_of_its_own(parcel, has_one=any(file.rfilename == CARD for file in before.siblings or ()))
    if card is not None:
        additions.append(CommitOperationAdd(CARD, card))
    items = [item for item in parcel.items if not (item.name == CARD and card is not None)]
    additions += [_sent(hub, repository, item, progress) for item in items]
    message = f"Push {parcel.model}"
    commit = hub.create_commit(repository, additions, commit_message=message, commit_description=parcel.job_id)
    _verify(hub, repository, str(commit.oid), items)
    progress.finish()
    return str(commit.oid)


def _sent(hub: HfApi, repository: str, item: Item, progress: Progress) -> CommitOperationAdd:
    """Hash a file and, where it is large, send it: it belongs to nothing until it is committed."""
    addition = CommitOperationAdd(item.name, WatchedFile(item.path, progress.add))
    if addition.upload_info.sha256.hex() != item.sha256:
        raise PushFailed(f"{item.name} is not what was signed: its content here has changed")
    hub.preupload_lfs_files(repository, [addition], free_memory=False)
    return addition


def _verify(hub: HfApi, repository: str, commit: str, items: list[Item]) -> None:
    there = {file.path: file for file in hub.get_paths_info(repository, [item.name for item in items], revision=commit)}
    for item in items:
        found = there.get(item.name)
        if found is None or found.size != item.bytes or not _is_same(found, item):
            raise PushFailed(f"{item.name} arrived at hf://{repository} with another content, in commit {commit}")


def _is_same(found: Any, item: Item) -> bool:
    if found.lfs is not None:
        return bool(found.lfs.sha256 == item.sha256)
    content = item.path.read_bytes()  # it is small: Git itself keeps it
    return bool(found.blob_id == hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest())


def _card_in_place_of_its_own(parcel: Parcel, *, has_one: bool) -> bytes | None:
    """Return a model card to write; None where the result, or the repository, has one that a hub takes."""
    own = next((item for item in parcel.items if item.name == CARD), None)
    if own is None:
        return None if has_one else _card(parcel)
    said = _BASE.search(own.path.read_text(encoding="utf-8"))
    return _card(parcel) if said and not is_on_hub(said[1]) else None  # a path means nothing to a hub, which refuses it


def _card(parcel: Parcel) -> bytes:
    about = ["tags:", "- axo"]
    about += [f"base_model: {parcel.base_model}"] if parcel.base_model else []
    about += ["library_name: peft" if parcel.is_adapter else "library_name: transformers"]
    told = f"`{parcel.model}`, trained by axo in the job {parcel.job_id}; `{parcel.manifest_name}` has its hashes."
    return "\n".join(["---", *about, "---", "", f"# {parcel.model}", "", told, ""]).encode()
