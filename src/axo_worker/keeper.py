"""A thread that keeps the lease, passes each renewal on to the guard, and looks what the run is asked to do."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import structlog
from redis import RedisError

from axo_worker.control import ControlKey
from axo_worker.lease import Lease
from axo_worker.stop import StopRequest

RENEWALS_A_LEASE = 10

log = structlog.get_logger()


class LeaseKeeper:
    """Renews the lease from entering to leaving its `with` block."""

    def __init__(self, lease: Lease, control: ControlKey, stop: StopRequest) -> None:
        self._lease = lease
        self._control = control
        self._stop = stop
        self._closed = threading.Event()
        self._telling = threading.Lock()
        self._on_renewed: Callable[[float], None] | None = None
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def tell(self, on_renewed: Callable[[float], None] | None) -> None:
        """Call `on_renewed(seconds)` after each renewal, with how long the run may go on without another."""
        with self._telling:
            self._on_renewed = on_renewed

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._thread.join(timeout=5)

    def _keep(self) -> None:
        while not self._closed.wait(self._lease.seconds / RENEWALS_A_LEASE):
            try:
                self._renew()
            except RedisError as error:
                log.warning("lease not renewed", error=str(error), safe_seconds=round(self._lease.safe_seconds, 1))

    def _renew(self) -> None:
        if not self._lease.renew():
            log.warning("lease lost to another attempt", token=self._lease.token)
            self._stop.abandon()
            self._closed.set()
            return
        with self._telling:
            if self._on_renewed:
                self._on_renewed(self._lease.safe_seconds)
        if reason := self._control.read():
            self._stop.ask(reason)
