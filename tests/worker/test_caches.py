"""What a worker keeps of hubs goes between its runs, what rested longest first."""

import os
import time
from pathlib import Path

import pytest

from axo_worker import cache_use
from axo_worker.caches import sweep, what_would_go
from axo_worker.settings import Settings

DAY_SECONDS = 24 * 3600


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub's cache with three models, used 30, 20 and 10 days ago."""
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    cache = tmp_path / "hf" / "hub"
    for days in (30, 20, 10):
        blobs = cache / f"models--org--m{days}" / "blobs"
        blobs.mkdir(parents=True)
        (blobs / "1").write_bytes(bytes(1000))
        used_at = time.time() - days * DAY_SECONDS
        os.utime(blobs / "1", (used_at, used_at))
    return cache


def test_what_was_not_used_for_long_goes_and_the_rest_stays(cache: Path, tmp_path: Path) -> None:
    settings = Settings(worker_home=tmp_path, cache_days=15)

    listed = what_would_go(settings)
    sweep(settings)

    assert [(going.cached.path.name, going.why) for going in listed] == [
        ("models--org--m30", "not used for 15 days"),
        ("models--org--m20", "not used for 15 days"),
    ]
    assert [path.name for path in cache.iterdir()] == ["models--org--m10"]


def test_what_is_too_much_goes_but_not_while_a_run_lives(cache: Path, tmp_path: Path) -> None:
    settings = Settings(worker_home=tmp_path, cache_bytes=2000)
    (tmp_path / "runs" / "ftjob-1-1").mkdir(parents=True)

    sweep(settings)
    during_a_run = len([*cache.iterdir()])
    (tmp_path / "runs" / "ftjob-1-1").rmdir()
    sweep(settings)

    assert during_a_run == 3
    assert sorted(path.name for path in cache.iterdir()) == ["models--org--m10", "models--org--m20"]


def test_what_was_going_when_a_sweep_was_cut_short_goes_with_the_next(cache: Path, tmp_path: Path) -> None:
    (left := cache / ".models--org--m5.going" / "blobs").mkdir(parents=True)
    (left / "1").write_bytes(bytes(1000))
    (cache / "models--org--m10").rename(cache / "models--org--easy.going")
    settings = Settings(worker_home=tmp_path, cache_bytes=3000)
    held = cache_use.hold(tmp_path)

    sweep(settings)
    while_served = left.exists()
    os.close(held)
    sweep(settings)

    assert while_served
    names = sorted(path.name for path in cache.iterdir())
    assert names == ["models--org--easy.going", "models--org--m20", "models--org--m30"]


def test_nothing_goes_while_a_model_is_served(cache: Path, tmp_path: Path) -> None:
    settings = Settings(worker_home=tmp_path, cache_bytes=0)
    held = cache_use.hold(tmp_path)

    sweep(settings)
    while_served = len([*cache.iterdir()])
    os.close(held)
    sweep(settings)

    assert while_served == 3
    assert not [*cache.iterdir()]


def test_without_a_rule_everything_stays(cache: Path, tmp_path: Path) -> None:
    assert what_would_go(Settings(worker_home=tmp_path)) == []
