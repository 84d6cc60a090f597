"""OpenAI's objects of webhook endpoints, with axo's fields beside them, and deliveries."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping

from axo_api.webhooks.status import DeliveryStatus
from axo_api.webhooks.types import OPENAI, EventType
from axo_contracts.strict import Line, Strict

HINT_CHARACTERS = 4

EventTypes = Annotated[tuple[EventType, ...], Field(min_length=1, max_length=len(EventType))]
Url = Annotated[str, Field(min_length=1, max_length=2048)]


class NewEndpoint(Strict):
    """An endpoint that is asked for."""

    url: Url
    """Where to post: https://, or http:// in a network that the operator allows."""
    event_types: EventTypes = tuple(OPENAI.values())
    """What to tell it."""
    name: Line = "webhook"
    """What it is for, in a few words."""


class EndpointChange(Strict):
    """What is to change of an endpoint; what is left out stays."""

    url: Url | None = None
    event_types: EventTypes | None = None
    name: Line | None = None
    enabled: bool | None = None
    """false: tell it nothing more, and give up what waits for it. true: go on telling it."""


class Rotation(Strict):
    """How a secret is replaced."""

    keep_old_secret_active_for_24_hours: bool = False
    """Whether the old secret signs beside the new one for a day."""


class SampleAsked(Strict):
    """What a sample is to look like."""

    event_type: EventType


class Endpoint(BaseModel):
    """Where somebody is told of events."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str = Field(examples=["wh-01m80dj386h6snwnj5w2aq1gwa"])
    object: Literal["webhook_endpoint"] = "webhook_endpoint"
    created_at: int
    """In seconds since 1970."""
    updated_at: int
    event_types: list[str]
    name: str
    url: str
    signing_secret_hint: str
    """The end of its secret."""
    owner: str
    """Whose jobs it is told of."""
    enabled: bool
    disabled_reason: str | None
    """Why it is told nothing. It is disabled by its owner, or by its own answer 410."""

    @classmethod
    def from_row(cls, row: RowMapping | dict[str, Any]) -> Self:
        """Return the endpoint that a row of table `webhook_endpoints` holds."""
        return cls.model_validate(_shown(row))


class EndpointWithSecret(Endpoint):
    """An endpoint that has a new secret."""

    signing_secret: str
    """What its webhooks are signed with. This is the only time that it is shown."""

    @classmethod
    def from_row(cls, row: RowMapping | dict[str, Any]) -> Self:
        """Return the endpoint that a row of table `webhook_endpoints` holds, with its secret."""
        return cls.model_validate(_shown(row) | {"signing_secret": row["secret"]})


class DeletedEndpoint(BaseModel):
    """An endpoint that is no more."""

    id: str
    object: Literal["webhook_endpoint.deleted"] = "webhook_endpoint.deleted"
    deleted: Literal[True] = True


class SampleResult(BaseModel):
    """What an endpoint answered to a sample."""

    object: Literal["webhook_endpoint.test"] = "webhook_endpoint.test"
    event_type: EventType
    status_code: int
    success: Literal[True] = True
    webhook_endpoint_id: str


class EventTypeList(BaseModel):
    """What endpoints can be told of."""

    object: Literal["list"] = "list"
    data: list[EventType]


class Delivery(BaseModel):
    """One event for one endpoint."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str = Field(examples=["evt-01m80dj386h6snwnj5w2aq1gwa"])
    """What the receiver has as `webhook-id`, and as the payload's `id`, with each attempt."""
    object: Literal["webhook_delivery"] = "webhook_delivery"
    endpoint_id: str
    job_id: str
    event_type: str
    payload: dict[str, Any]
    status: DeliveryStatus
    attempts: int
    """How often it was tried since it was queued or redelivered."""
    created_at: datetime
    last_attempt_at: datetime | None
    next_attempt_at: datetime | None
    """When it is tried next, unless an earlier event of its job still has to be delivered."""
    status_code: int | None
    """What the endpoint answered last."""
    answer: str | None
    """How that answer began: at most 1024 bytes."""
    error: str | None
    """Why the last attempt failed."""
    ended_at: datetime | None
    """When it was delivered or given up."""

    @classmethod
    def from_row(cls, row: RowMapping) -> Self:
        """Return the delivery that a row of table `webhook_deliveries` holds."""
        return cls.model_validate({**row, "payload": msgspec.json.decode(row["payload"])})


def _shown(row: RowMapping | dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("id", "event_types", "name", "url", "owner", "enabled", "disabled_reason")},
        "created_at": int(row["created_at"].timestamp()),
        "updated_at": int(row["updated_at"].timestamp()),
        "signing_secret_hint": f"…{row['secret'].rstrip('=')[-HINT_CHARACTERS:]}",
    }
