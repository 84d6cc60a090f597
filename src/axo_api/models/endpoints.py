"""`/v1/models`: what can be trained, and what was."""

import asyncio
import shutil
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query

from axo_api.dependencies import Axo, Owner, Reach
from axo_api.models import service
from axo_api.models.schemas import DeletedModel, Model, ModelList

router = APIRouter(prefix="/v1/models", tags=["models"])
Name = Annotated[str, Path(max_length=4096, description="Percent-encoded: it may hold `/` and `:`.")]


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
    return ModelList(data=[*named, *bases, *map(Model.of_job, trained)])


@router.get("/{model:path}", summary="Get a model")
async def get_model(model: Name, axo: Axo, owner: Reach) -> Model:
    """Return a base model, a model that was trained here, or a checkpoint of one."""
    if model in axo.settings.base_models:
        return Model.of_operator(model, axo.settings.base_models[model])
    if model in axo.catalogue.models:
        return Model.of_catalogue(axo.catalogue.models[model])
    return Model.of_job(await axo.database.read(partial(service.get_trained, name=model, owner=owner)), model)


@router.delete("/{model:path}", summary="Delete a trained model")
async def delete_model(model: Name, axo: Axo, owner: Reach) -> DeletedModel:
    """Remove what a job has trained, and the checkpoints beside it. The job's record stays.

    The files go first: a deletion that was cut short is finished by asking again.
    """
    outputs = await axo.database.read(partial(service.result_to_remove, name=model, owner=owner))
    await asyncio.to_thread(shutil.rmtree, axo.settings.storage_root / outputs, ignore_errors=True)
    await axo.database.write(partial(service.forget_result, name=model, owner=owner))
    return DeletedModel(id=model)
