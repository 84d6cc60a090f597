"""Which model a job trains, asked of the service: its events say it only when the training begins."""

import httpx
import structlog

from axo_contracts.spec_text import model_text
from axo_notify.api_settings import ApiSettings

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 5.0


class Models:
    """Asks the HTTP API, where there is one to ask."""

    def __init__(self, api: ApiSettings | None) -> None:
        key = api.key.get_secret_value() if api and api.key else None
        self._http = (
            httpx.AsyncClient(
                base_url=str(api.url),
                timeout=TIMEOUT_SECONDS,
                headers={"Authorization": f"Bearer {key}"} if key else None,
            )
            if api
            else None
        )

    async def of(self, job_id: str) -> str | None:
        """Return the base model of a job; None where it cannot be known now."""
        if self._http is None:
            return None
        try:
            job = (await self._http.get(f"/v1/jobs/{job_id}")).raise_for_status().json()
            return model_text(job["spec"])
        except (httpx.HTTPError, ValueError, LookupError, TypeError, AttributeError) as error:
            log.warning("the service does not say a job's model", job=job_id, error=type(error).__name__)
            return None

    async def close(self) -> None:
        """Close every connection."""
        if self._http is not None:
            await self._http.aclose()
