"""Chance with a seed, systems to break, the checker behind every test, and the report of it all."""

import os
import random
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.faults.cluster import Cluster
from tests.faults.invariants import check
from tests.faults.reliability import Outcomes, Recovery, note
from tests.stack.embedded import TRAINERS, EmbeddedStack

SEED = os.environ.setdefault("AXO_FAULTS_SEED", secrets.token_hex(4))  # the same in every process of this run
TRIES = int(os.environ.get("AXO_FAULTS_TRIES", "1"))

_RECOVERY = pytest.StashKey[Recovery]()
_FAILED = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """Collect the outcomes where all reports arrive; a worker of pytest-xdist only sends its own there."""
    if not hasattr(config, "workerinput"):
        folder = os.environ.get("AXO_FAULTS_OUTCOMES")
        config.pluginmanager.register(Outcomes(SEED, Path(folder) if folder else None))


def pytest_report_header() -> str:
    return f"faults: AXO_FAULTS_SEED={SEED} AXO_FAULTS_TRIES={TRIES}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if TRIES > 1 and "try_number" in metafunc.fixturenames:
        metafunc.parametrize("try_number", range(1, TRIES + 1))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report: pytest.TestReport = yield  # type: ignore[assignment]  # pytest's wrappers are not typed
    marker = item.get_closest_marker("fault")
    if marker is not None:
        if report.failed:
            item.stash[_FAILED] = True
            report.sections.append(("seed of the faults", f"AXO_FAULTS_SEED={SEED}"))
        note(report, marker.args[0], item.stash.get(_RECOVERY, None))
    return report  # type: ignore[return-value]


@pytest.fixture(autouse=True)
def try_number() -> int:
    """The number of this try, of `AXO_FAULTS_TRIES`."""
    return 1


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Where and when things break: another with each seed, test and try, the same again with the same ones."""
    return random.Random(f"{SEED}/{request.node.name}")


@pytest.fixture
def recovery(request: pytest.FixtureRequest) -> Recovery:
    """Takes the time from a fault to the moment at which all is well again."""
    taken = request.node.stash[_RECOVERY] = Recovery()
    return taken


@pytest.fixture(scope="session")
def _kept_cluster() -> Iterator[list[Cluster]]:
    kept: list[Cluster] = []
    yield kept
    for cluster in kept:
        _leave_nothing_of(cluster)


@pytest.fixture
def cluster(request: pytest.FixtureRequest, _kept_cluster: list[Cluster]) -> Iterator[Cluster]:
    """A service with two workers. One that held all promises bears the next fault too."""
    if not _kept_cluster:
        _kept_cluster.append(new_cluster())
    cluster = _kept_cluster.pop()
    try:
        cluster.start()
        yield cluster
        if not request.node.stash.get(_FAILED, False):
            cluster.start()
            check(cluster)
            _kept_cluster.append(cluster)
    finally:
        if not _kept_cluster:
            request.node.add_report_section("teardown", "cluster", cluster.said())
            _leave_nothing_of(cluster)


@pytest.fixture
def start_cluster() -> Iterator[Callable[..., Cluster]]:
    """Start a service with settings of its own; at the end all promises must hold."""
    clusters: list[Cluster] = []

    def start(prepare: Callable[[Cluster], None] = lambda _: None, **settings: str) -> Cluster:
        cluster = new_cluster(**settings)
        clusters.append(cluster)
        prepare(cluster)
        cluster.start()
        return cluster

    yield start
    try:
        for cluster in clusters:
            cluster.start()
            check(cluster)
    finally:
        for cluster in clusters:
            _leave_nothing_of(cluster)


@pytest.fixture
def start_stack(
    start_stack: Callable[..., EmbeddedStack], stacks: list[EmbeddedStack]
) -> Iterator[Callable[..., EmbeddedStack]]:
    """Start an embedded stack; at the end all promises must hold."""
    yield start_stack
    for stack in stacks:
        check(stack)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny Llama in `model`, made by the trainer's own Python."""
    python = os.environ.get("AXO_TRAINER_PYTHON")
    if not python:
        pytest.skip("AXO_TRAINER_PYTHON names no Python with Axolotl")
    folder = tmp_path_factory.mktemp("tiny")
    make = [python, str(TRAINERS / "make_tiny_model.py"), str(folder), "64"]
    subprocess.run(make, check=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
    return folder


def new_cluster(**settings: str) -> Cluster:
    """Return a cluster that is not started, in a folder with a path that is short enough for sockets."""
    return Cluster(Path(tempfile.mkdtemp(prefix="axo-faults-")), **settings)


def _leave_nothing_of(cluster: Cluster) -> None:
    cluster.close()
    shutil.rmtree(cluster.folder, ignore_errors=True)
