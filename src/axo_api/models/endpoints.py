"""`/v1/models`: what can be trained, and what was."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query

from axo_api.dependencies import Axo, Owner
from axo_api.models import service
from axo_api.models.schemas import Model, ModelList

router = APIRouter(prefix="/v1/models", tags=["models"])


@router.get("", summary="List models")
async def list_models(
    axo: Axo,
    owner: Owner,
    limit: Annotated[int, Query(ge=1, le=1000, description="Trained models, the newest.")] = 100,
) -> ModelList:
    """List the catalogue's base models, and the models that were trained here."""
    trained = await axo.database.read(partial(service.find_trained, owner=owner, limit=limit))
    bases = [Model.of_catalogue(entry) for entry in axo.catalogue.models.values()]
    return ModelList(data=[*bases, *map(Model.of_job, trained)])
