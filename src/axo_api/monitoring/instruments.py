"""The figures that live in this process: they begin at zero with it."""

from time import monotonic

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector

from axo_api.journals.hub import Hub

NO_ROUTE = "none"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
ANSWER_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Instruments:
    """What the parts of this process count as they work. All of it is cheap enough for every request and frame."""

    def __init__(self, hub: Hub) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "axo_http_requests", "HTTP requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self._answers = Histogram(
            "axo_http_answer_seconds",
            "From a request to the first byte of its answer; streams go on behind that.",
            ["route"],
            buckets=ANSWER_BOUNDS,
            registry=self.registry,
        )
        self.frames = Counter("axo_frames_recorded", "Frames of runs put into journals.", registry=self.registry)
        self._leads = Gauge("axo_control_loop_leader", "1 in the process that leads.", registry=self.registry)
        followers = Gauge("axo_followers", "Open streams of jobs.", registry=self.registry)
        followers.set_function(lambda: hub.followers)
        round_age = Gauge(
            "axo_dispatcher_round_age_seconds",
            "Since the dispatcher last came round; 0 in a process that does not lead.",
            registry=self.registry,
        )
        round_age.set_function(self._round_age)
        self._round_at: float | None = None

    def answered(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count a request; `route` is its template, None where no route is meant."""
        self._requests.labels(method if method in METHODS else "OTHER", route or NO_ROUTE, status).inc()
        self._answers.labels(route or NO_ROUTE).observe(seconds)

    def dispatched(self) -> None:
        """Note that the dispatcher came round."""
        self._round_at = monotonic()

    def leading(self, is_leading: bool) -> None:
        """Note whether this process leads the control loop."""
        self._leads.set(is_leading)
        self._round_at = monotonic() if is_leading else None

    def _round_age(self) -> float:
        return 0.0 if self._round_at is None else monotonic() - self._round_at
