"""`/v1/fine_tuning/checkpoints/{name}/permissions`: create, list, delete. Names hold `:`, and `/` as `%2F`."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query

from axo_api.dependencies import Axo, Reach
from axo_api.json_body import TakesJson
from axo_api.openai.permissions import service
from axo_api.openai.permissions.schemas import CheckpointPermission, DeletedPermission, NewPermissions
from axo_api.pagination import After, Limit, Page, page

router = APIRouter(prefix="/v1/fine_tuning/checkpoints", tags=["OpenAI's fine-tuning API"], route_class=TakesJson)

Checkpoint = Annotated[str, Path(max_length=4096, description="`ft:…:ckpt-step-{step}`, percent-encoded.")]


@router.post("/{checkpoint:path}/permissions", summary="Record that a checkpoint is shared")
async def create_permissions(
    checkpoint: Checkpoint, new: NewPermissions, axo: Axo, owner: Reach
) -> Page[CheckpointPermission]:
    """Record that a checkpoint is shared with projects. It is a record for clients that ask: it opens nothing."""
    create = partial(service.create, checkpoint=checkpoint, project_ids=new.project_ids, owner=owner)
    rows = await axo.database.write(create)
    return page([CheckpointPermission.from_row(row) for row in rows], len(rows))


@router.get("/{checkpoint:path}/permissions", summary="List whom a checkpoint is shared with")
async def list_permissions(
    checkpoint: Checkpoint,
    axo: Axo,
    owner: Reach,
    after: After = None,
    limit: Limit = 10,
    order: Annotated[service.Order, Query(description="By when they were made.")] = "descending",
    project_id: Annotated[str | None, Query(description="Only this project's.")] = None,
) -> Page[CheckpointPermission]:
    """List the records of a checkpoint."""
    find = partial(service.find, checkpoint=checkpoint, owner=owner, after=after, limit=limit, order=order)
    rows = await axo.database.read(partial(find, project_id=project_id))
    return page([CheckpointPermission.from_row(row) for row in rows], limit)


@router.delete("/{checkpoint:path}/permissions/{permission_id}", summary="Forget that a checkpoint is shared")
async def delete_permission(checkpoint: Checkpoint, permission_id: str, axo: Axo, owner: Reach) -> DeletedPermission:
    """Delete a record."""
    remove = partial(service.remove, checkpoint=checkpoint, permission_id=permission_id, owner=owner)
    await axo.database.write(remove)
    return DeletedPermission(id=permission_id)
