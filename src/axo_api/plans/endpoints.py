"""`POST /v1/jobs/plan`, and `POST /v1/files/{id}/preview`."""

from functools import partial

from fastapi import APIRouter

from axo_api.dependencies import Asking, Axo
from axo_api.files import service as files
from axo_api.files.endpoints import FileId
from axo_api.jobs.yaml_body import YAML_BODY, TakesYaml
from axo_api.plans import preview, service
from axo_api.plans.schemas import Plan, PreviewRequest, TokenizedPreview
from axo_contracts import storage_paths
from axo_contracts.jobs import JobSpec

router = APIRouter(prefix="/v1", route_class=TakesYaml)


@router.post("/jobs/plan", tags=["jobs"], summary="Plan a job", openapi_extra=YAML_BODY)
async def plan_job(spec: JobSpec, axo: Axo, caller: Asking) -> Plan:
    """Say what a job would be, and queue nothing: its config, defaults, steps, tokens, memory, disk and time.

    What a submit would refuse is refused alike; so is what Axolotl's own validation, on a worker, does not accept.
    """
    return await service.plan(axo, spec, caller=caller)


@router.post("/files/{file_id}/preview", tags=["files"], summary="See a file's first rows as the trainer will")
async def preview_tokens(file_id: FileId, request: PreviewRequest, axo: Axo, caller: Asking) -> TokenizedPreview:
    """Return the first rows as a base model's trainer will see them: the text, its tokens, and which carry loss."""
    row = await axo.database.read(partial(files.get, file_id=file_id, owner=caller.reach))
    content = axo.settings.storage_root / storage_paths.uploaded_file(file_id)
    return await preview.tokenized_rows(axo, file_id, row, content, request, caller)
