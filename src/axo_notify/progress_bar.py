"""A progress bar in plain text."""


def progress_bar(step: int, max_steps: int | None, *, cells: int) -> str:
    """Return how far a run is, as in `█████░░░░░ 50 %`; it is full at the last step only."""
    share = min(1.0, max(0.0, step / max_steps)) if max_steps else 0.0
    full = int(share * cells)
    return f"{'█' * full}{'░' * (cells - full)} {int(share * 100)} %"
