"""`/v1/models`: what can be trained, and what was."""

import asyncio
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query

from axo_api.dependencies import Asking, Axo, Force, Owner
from axo_api.errors import Conflict
from axo_api.folders import remove_all
from axo_api.json_body import TakesJson
from axo_api.models import aliases, history, promoting, service
from axo_api.models.dependents import take_back_result
from axo_api.models.schemas import Alias, AliasMove, DeletedModel, Model, ModelList, NewAlias
from axo_api.openai.base_models import mapped
from axo_api.pagination import After, Limit, Page, page

router = APIRouter(prefix="/v1/models", tags=["models"], route_class=TakesJson)
Name = Annotated[str, Path(max_length=4096, description="Percent-encoded: it may hold `/` and `:`.")]
AliasName = Annotated[str, Path(max_length=4096, description="What is behind `ft:` in a name, percent-encoded.")]


@router.get("", summary="List models")
async def list_models(
    axo: Axo,
    owner: Owner,
    limit: Annotated[int, Query(ge=1, le=1000, description="Trained models, the newest.")] = 100,
) -> ModelList:
    """List the operator's names for base models, the catalogue's, and the models that were trained here."""
    trained = await axo.database.read(partial(service.find_trained, owner=owner, limit=limit))
    bases = [Model.of_catalogue(entry) for entry in axo.catalogue.models.values()]
    named = [Model.of_operator(*pair) for pair in axo.settings.base_models.items()]
    aliased = await axo.database.read(partial(aliases.find, owner=owner, limit=limit))
    called = [Model.of_job(row, alias, step) for alias, step, row in aliased]
    return ModelList(data=[*named, *bases, *called, *map(Model.of_job, trained)])


@router.get("/ft:{alias:path}/history", summary="List what a name stood for")
async def list_moves(
    alias: AliasName, axo: Axo, caller: Asking, after: After = None, limit: Limit = 20
) -> Page[AliasMove]:
    """List each move of a name of your own, newest first: who moved it, when, to what, and behind which gate."""
    find = partial(history.find, name=f"ft:{alias}", owner=caller.reach, prefer=caller.owner, after=after, limit=limit)
    return page(await axo.database.read(find), limit)


@router.post("/ft:{alias:path}/undo", summary="Undo the last move of a name")
async def undo_move(alias: AliasName, axo: Axo, caller: Asking) -> Alias:
    """Have a name stand for what it stood for before its last move. Doing it again goes back further."""
    return await promoting.undo(axo, caller, f"ft:{alias}")


@router.get("/{model:path}", summary="Get a model")
async def get_model(model: Name, axo: Axo, caller: Asking) -> Model:
    """Return a base model, a model that was trained here, or a checkpoint of one."""
    if (stands_for := mapped(model, axo.settings.base_models)) is not None:
        return Model.of_operator(model, stands_for)
    if model in axo.catalogue.models:
        return Model.of_catalogue(axo.catalogue.models[model])
    find = partial(service.locate, name=model, owner=caller.reach, prefer=caller.owner)
    found = await axo.database.read(find)
    return Model.of_job(found.row, model, found.step)


@router.put("/{model:path}", summary="Name a trained model")
async def name_model(model: Name, wanted: NewAlias, axo: Axo, caller: Asking) -> Alias:
    """Have a name of your own, as `ft:…@prod`, stand for what a job trains: also before it has. To name it again
    moves it, behind a gate if you want.

    It is then taken wherever a model's name is. Deleting the name leaves the model, and forgets its moves.
    """
    if mapped(model, axo.settings.base_models) is not None:
        raise Conflict(f"{model!r} is the operator's name for a base model; choose another.")
    return await promoting.promote(axo, caller, model, wanted)


@router.delete("/{model:path}", summary="Delete a trained model")
async def delete_model(model: Name, axo: Axo, caller: Asking, force: Force = False) -> DeletedModel:
    """Remove what a job has trained, and the checkpoints beside it. The job's record stays. Of an alias, only the name
    is removed. What depends on it is named in a 409: see `GET /v1/jobs/{id}/dependents`.

    A deletion that was cut short is finished by asking again.
    """
    owner = caller.reach
    if await axo.database.write(partial(aliases.remove, name=model, owner=owner, prefer=caller.owner)):
        return DeletedModel(id=model)
    outputs = await axo.database.write(partial(take_back_result, name=model, owner=owner, force=force))
    await asyncio.to_thread(remove_all, axo.settings.storage_root / outputs, repr(model))
    await axo.database.write(partial(service.forget_result, name=model, owner=owner))
    return DeletedModel(id=model)
