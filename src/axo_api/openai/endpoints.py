"""The routes of OpenAI's API that are not native ones, too, as `/v1/files` and `/v1/models` are."""

from fastapi import APIRouter

from axo_api.openai.graders import endpoints as graders
from axo_api.openai.jobs import endpoints as jobs
from axo_api.openai.permissions import endpoints as permissions
from axo_api.openai.uploads import endpoints as uploads

router = APIRouter()
for resource in (graders, jobs, permissions, uploads):
    router.include_router(resource.router)
