"""Lists by cursor: `after` and `limit` in, `has_more` out. Ids sort by creation time, so a page is one index range."""

from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=100, description="Items a page.")]
After = Annotated[str | None, Query(max_length=64, pattern=r"^[\w-]+$", description="The last id of the page before.")]


class Page(BaseModel, Generic[T]):
    """One page of a list, newest first."""

    object: str = "list"
    data: list[T]
    has_more: bool
    first_id: str | None = None
    last_id: str | None = None


def page(items: Sequence[T], limit: int, id_of: Any = lambda item: item.id) -> Page[T]:
    """Return the page of at most `limit` of `items`, of which one more was asked for than is shown."""
    shown = list(items[:limit])
    return Page(
        data=shown,
        has_more=len(items) > limit,
        first_id=str(id_of(shown[0])) if shown else None,
        last_id=str(id_of(shown[-1])) if shown else None,
    )
