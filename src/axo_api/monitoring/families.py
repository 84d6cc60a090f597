"""A snapshot as families of Prometheus. A new figure is a line here, and one in docs/operations.md."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from axo_api.clock import now
from axo_api.control.dispatcher import place_of
from axo_api.control.placement import Place, hosts
from axo_api.monitoring.fleet_families import fleet_families
from axo_api.monitoring.snapshot import ACTIVE, Flow, Record, Snapshot
from axo_api.monitoring.tallies import BEYOND, RUN_BOUNDS, WAIT_BOUNDS, Sums, Tally

WAITS = {
    "no worker is online": "no_worker",
    "every worker is draining": "draining",
    "no worker can take it": "trouble",
    "no worker has": "no_tool",
    "waits for a free slot": "no_free_slot",
    "needs": "no_free_gpus",
}
"""How a sentence of `axo_api.control.placement` begins → its label: the sentences have numbers in them."""


def families(snapshot: Snapshot) -> Iterator[Metric]:
    """Yield all that a snapshot says."""
    up = GaugeMetricFamily("axo_up", "Whether a part that the service needs answers.", labels=["part"])
    up.add_metric(["database"], float(snapshot.record is not None))
    up.add_metric(["redis"], float(snapshot.flow is not None))
    yield up
    if snapshot.record is not None:
        yield from _queue(snapshot.record)
        yield from _sums(snapshot.record.sums)
    if (flow := snapshot.flow) is not None:
        yield _gauge("axo_frames_waiting", "Entries of frames that the recorder has yet to take.", flow.frames_waiting)
        yield _gauge("axo_recorder_lag_seconds", "Age of the oldest of them.", flow.oldest_frame_seconds)
        yield from fleet_families(flow.workers, snapshot.record.runs if snapshot.record else ())
    if snapshot.record is not None and snapshot.flow is not None:
        yield _reasons(snapshot.record, snapshot.flow)


def waiting_for(place: Place | str) -> str:
    """Return the label of what a queued job waits for."""
    if isinstance(place, Place):
        return "starts_next"
    if "GPUs on one host" in place:
        return "too_large"
    return next((label for beginning, label in WAITS.items() if place.startswith(beginning)), "other")


def _queue(record: Record) -> Iterator[Metric]:
    by_status = GaugeMetricFamily("axo_jobs", "Jobs that have not ended.", labels=["status"])
    for status in ACTIVE:
        by_status.add_metric([status], record.active.get(status, 0))
    yield by_status
    oldest = record.oldest_queued_at
    age = (now() - oldest).total_seconds() if oldest else 0.0
    yield _gauge("axo_queue_oldest_seconds", "Since the oldest queued job was submitted.", age)
    yield _gauge("axo_events_unpublished", "Events of jobs that Redis was not told of yet.", record.unpublished)


def _reasons(record: Record, flow: Flow) -> Metric:
    fleet = hosts(flow.workers, record.runs)
    counts = Counter(waiting_for(place_of(row, fleet)) for row in record.queue)
    counts["behind_the_first"] = record.waiting - len(record.queue)
    family = GaugeMetricFamily("axo_jobs_waiting", "Queued jobs by what they wait for.", labels=["reason"])
    for reason in sorted({*WAITS.values(), "starts_next", "too_large", "other", *counts}):
        family.add_metric([reason], max(0, counts[reason]))
    return family


def _sums(sums: Sums) -> Iterator[Metric]:
    yield _counter("axo_jobs_submitted", "Jobs that were submitted.", sums.get((Tally.SUBMITTED, ""), 0))
    yield _counter("axo_gpu_seconds", "GPU time of attempts that ended.", sums.get((Tally.GPU_SECONDS, ""), 0))
    ended = CounterMetricFamily("axo_jobs_ended", "Jobs that ended.", labels=["status", "reason"])
    for label, value in _labelled(sums, Tally.JOBS_ENDED):
        ended.add_metric(label.split("/"), value)
    yield ended
    attempts = CounterMetricFamily("axo_attempts_ended", "Attempts that ended, by why.", labels=["reason"])
    for label, value in _labelled(sums, Tally.ATTEMPTS_ENDED):
        attempts.add_metric([label], value)
    yield attempts
    yield _histogram("axo_job_wait_seconds", "In the queue.", sums, Tally.WAITS, Tally.WAIT_SECONDS, WAIT_BOUNDS)
    yield _histogram("axo_attempt_run_seconds", "Of attempts.", sums, Tally.RUNS, Tally.RUN_SECONDS, RUN_BOUNDS)


def _labelled(sums: Sums, tally: Tally) -> Iterable[tuple[str, float]]:
    return sorted((label, value) for (name, label), value in sums.items() if name == tally)


def _histogram(
    name: str, text: str, sums: Sums, counts: Tally, seconds: Tally, bounds: Sequence[int]
) -> HistogramMetricFamily:
    buckets: list[tuple[str, float]] = []
    so_far = 0.0
    for bound in (*map(str, bounds), BEYOND):
        so_far += sums.get((counts, bound), 0)
        buckets.append((bound if bound == BEYOND else f"{bound}.0", so_far))
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=sums.get((seconds, ""), 0))


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value=value)
