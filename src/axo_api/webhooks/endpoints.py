"""`/v1/webhook_endpoints`: who is told of what, and how the telling goes. OpenAI's clients know it."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query

from axo_api.clock import now
from axo_api.dependencies import Axo, Listed, Owner, Reach
from axo_api.errors import Invalid
from axo_api.json_body import TakesJson
from axo_api.pagination import After, Limit, Page, page
from axo_api.webhooks import deliveries, service
from axo_api.webhooks.payloads import sample
from axo_api.webhooks.schemas import (
    DeletedEndpoint,
    Delivery,
    Endpoint,
    EndpointChange,
    EndpointWithSecret,
    EventTypeList,
    NewEndpoint,
    Rotation,
    SampleAsked,
    SampleResult,
)
from axo_api.webhooks.signing import new_secret, signed_headers
from axo_api.webhooks.status import DeliveryStatus
from axo_api.webhooks.types import EventType
from axo_api.webhooks.urls import check_url
from axo_contracts.ids import DELIVERY, new_id

router = APIRouter(prefix="/v1", tags=["webhooks"], route_class=TakesJson)
EndpointId = Annotated[str, Path(examples=["wh-01m80dj386h6snwnj5w2aq1gwa"])]
DeliveryId = Annotated[str, Path(examples=["evt-01m80dj386h6snwnj5w2aq1gwa"])]


@router.post("/webhook_endpoints", summary="Make a webhook endpoint")
async def create_endpoint(new: NewEndpoint, axo: Axo, owner: Owner) -> EndpointWithSecret:
    """Have a URL told of your jobs' events from now on. The secret that signs them is in this answer only."""
    await check_url(new.url, axo.webhooks.addresses)
    row = service.new_row(new, owner)
    await axo.database.write(partial(service.add, row=row))
    return EndpointWithSecret.from_row(row)


@router.get("/webhook_endpoints", summary="List webhook endpoints")
async def list_endpoints(axo: Axo, owner: Listed, after: After = None, limit: Limit = 20) -> Page[Endpoint]:
    """List endpoints, newest first."""
    rows = await axo.database.read(partial(service.find, owner=owner, after=after, limit=limit))
    return page([Endpoint.from_row(row) for row in rows], limit)


@router.get("/webhook_event_types", summary="List types of events")
async def list_event_types() -> EventTypeList:
    """List what endpoints can be told of."""
    return EventTypeList(data=list(EventType))


@router.get("/webhook_endpoints/{endpoint_id}", summary="Get a webhook endpoint")
async def get_endpoint(endpoint_id: EndpointId, axo: Axo, owner: Reach) -> Endpoint:
    """Return an endpoint, but for its secret."""
    return Endpoint.from_row(await axo.database.read(partial(service.get, endpoint_id=endpoint_id, owner=owner)))


@router.post("/webhook_endpoints/{endpoint_id}", summary="Change a webhook endpoint")
async def change_endpoint(endpoint_id: EndpointId, asked: EndpointChange, axo: Axo, owner: Reach) -> Endpoint:
    """Change an endpoint, disable it, or enable it again."""
    await axo.database.read(partial(service.get, endpoint_id=endpoint_id, owner=owner))
    if asked.url is not None:
        await check_url(asked.url, axo.webhooks.addresses)
    return Endpoint.from_row(
        await axo.database.write(partial(service.change, endpoint_id=endpoint_id, asked=asked, owner=owner))
    )


@router.delete("/webhook_endpoints/{endpoint_id}", summary="Delete a webhook endpoint")
async def delete_endpoint(endpoint_id: EndpointId, axo: Axo, owner: Reach) -> DeletedEndpoint:
    """Forget an endpoint, its deliveries too; what is on its way may still arrive."""
    await axo.database.write(partial(service.remove, endpoint_id=endpoint_id, owner=owner))
    return DeletedEndpoint(id=endpoint_id)


@router.post("/webhook_endpoints/{endpoint_id}/rotate_secret", summary="Replace a webhook endpoint's secret")
async def rotate_secret(
    endpoint_id: EndpointId, axo: Axo, owner: Reach, asked: Rotation | None = None
) -> EndpointWithSecret:
    """Sign with a new secret from now on. It is in this answer only."""
    keep_old = asked is not None and asked.keep_old_secret_active_for_24_hours
    rotate = partial(service.rotate, endpoint_id=endpoint_id, secret=new_secret(), keep_old=keep_old, owner=owner)
    return EndpointWithSecret.from_row(await axo.database.write(rotate))


@router.post("/webhook_endpoints/{endpoint_id}/test", summary="Send a sample to a webhook endpoint")
async def send_sample(endpoint_id: EndpointId, asked: SampleAsked, axo: Axo, owner: Reach) -> SampleResult:
    """Send a signed sample now, once, and return what was answered; it tells of the job `ftjob-sample`."""
    row = await axo.database.read(partial(service.get, endpoint_id=endpoint_id, owner=owner))
    sample_id, at = new_id(DELIVERY), now()
    body = sample(sample_id, asked.event_type, at)
    headers = signed_headers(sample_id, body, at, service.secrets_of(row, at))
    answer = await axo.webhooks.send(row["url"], body, headers)
    if answer.status_code is None:
        raise Invalid(f"The endpoint did not answer. {answer.error}", param="url")
    return SampleResult(event_type=asked.event_type, status_code=answer.status_code, webhook_endpoint_id=endpoint_id)


@router.get("/webhook_endpoints/{endpoint_id}/deliveries", summary="List a webhook endpoint's deliveries")
async def list_deliveries(
    endpoint_id: EndpointId,
    axo: Axo,
    owner: Reach,
    after: After = None,
    limit: Limit = 20,
    status: Annotated[DeliveryStatus | None, Query(description="Only those that are there.")] = None,
) -> Page[Delivery]:
    """List what was delivered to an endpoint, what waits, and what was given up, newest first."""
    await axo.database.read(partial(service.get, endpoint_id=endpoint_id, owner=owner))
    find = partial(deliveries.find, endpoint_id=endpoint_id, status=status, after=after, limit=limit)
    return page([Delivery.from_row(row) for row in await axo.database.read(find)], limit)


@router.post("/webhook_endpoints/{endpoint_id}/deliveries/{delivery_id}/redeliver", summary="Deliver again")
async def redeliver(endpoint_id: EndpointId, delivery_id: DeliveryId, axo: Axo, owner: Reach) -> Delivery:
    """Deliver an event again, under the same `webhook-id`, whatever became of it; try at once what still waits."""
    again = partial(deliveries.redeliver, endpoint_id=endpoint_id, delivery_id=delivery_id, owner=owner)
    row = await axo.database.write(again)
    axo.job_moved()
    return Delivery.from_row(row)
