"""`axo workers` and `axo queue`: who runs jobs, and what waits for whom."""

from typing import Any

from axo_cli.api import Api
from axo_cli.options import DEFAULT_URL, AsJson, Url
from axo_cli.output import DASH, ago, console, print_json, print_table, size
from axo_contracts.standing_text import start_text


def workers(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the workers, their GPUs and what they run."""
    with Api(url) as api:
        page = api.get("/v1/workers")
    if as_json:
        print_json(page)
        return
    columns = ("WORKER", "HOST", "STATE", "GPUS", "LOAD", "RUNNING", "STARTED", "TROUBLE")
    rows = [
        (
            worker["id"],
            worker["host"],
            worker["state"],
            _gpus(worker["gpus"]),
            _load(worker.get("host_load")),
            f"{worker['busy_slots']} of {worker['slots']}",
            ago(worker["started_at"]),
            worker["trouble"] or DASH,
        )
        for worker in page["data"]
    ]
    print_table(columns, rows, when_empty="No worker is here; start one with `axo up` or `python -m axo_worker`.")


def queue(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the jobs that wait, and what each waits for."""
    with Api(url) as api:
        page = api.get("/v1/queue")
    if as_json:
        print_json(page)
        return
    rows = [
        (
            str(job["position"]),
            job["id"],
            job["name"] or DASH,
            ago(job["created_at"]),
            job["reason"],
            start_text(job["estimated_start"]) or DASH,
        )
        for job in page["data"]
    ]
    print_table(("PLACE", "JOB", "NAME", "CREATED", "WAITS FOR", "STARTS"), rows, when_empty="Nothing of yours waits.")
    if page["others"]:
        console().print(f"{page['others']} of other owners wait too.")


def _gpus(gpus: list[dict[str, Any]]) -> str:
    return ", ".join(map(_gpu, gpus)) or "none (CPU)"


def _gpu(gpu: dict[str, Any]) -> str:
    load = gpu.get("load") or {}
    told = [size(gpu["memory_bytes"])]
    if load.get("utilization_percent") is not None:
        told.append(f"{load['utilization_percent']:.0f}%")
    if load.get("temperature_celsius") is not None:
        told.append(f"{load['temperature_celsius']:.0f} °C")
    return f"{gpu['name']} ({', '.join(told)})"


def _load(host: dict[str, Any] | None) -> str:
    if host is None:
        return DASH
    memory = host["memory_used_bytes"] / max(1, host["memory_total_bytes"])
    return f"CPU {host['cpu_percent']:.0f}%, memory {memory:.0%}, {size(host['disk_free_bytes'])} free on disk"
