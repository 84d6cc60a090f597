"""`/metrics`: what Prometheus scrapes."""

import asyncio
from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import Metric
from prometheus_client.exposition import choose_encoder

from axo_api.dependencies import Axo
from axo_api.monitoring.families import families

router = APIRouter(tags=["operations"])


@router.get("/metrics", summary="Figures for Prometheus", response_class=PlainTextResponse)
async def metrics(axo: Axo, request: Request) -> Response:
    """Return the figures of the service in Prometheus's text format, or in OpenMetrics' where that is asked for.

    They name workers, and no job, owner or file. Without a key only for a scraper on the same host as a service on
    loopback, or where `AXO_OPEN_METRICS` says so.
    """
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    told = await asyncio.to_thread(list, families(await axo.snapshots.newest()))
    every = _Families([*told, *axo.instruments.registry.collect()])
    return Response(encode(every), media_type=media_type)


class _Families:
    """What an encoder of Prometheus's takes for a registry."""

    def __init__(self, every: list[Metric]) -> None:
        self._every = every

    def collect(self) -> Iterator[Metric]:
        return iter(self._every)
