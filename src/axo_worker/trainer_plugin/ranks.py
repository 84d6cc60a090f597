"""What the ranks of one training must do together."""

from typing import Any

import torch
import torch.distributed as dist


def any_rank(flag: bool, device: Any) -> bool:
    """Return, on every rank alike, whether `flag` is set on any of them."""
    if not _has_others():
        return flag
    highest = torch.tensor(int(flag), device=device)
    dist.all_reduce(highest, op=dist.ReduceOp.MAX)
    return bool(highest.item())


def wait_for_all_ranks() -> None:
    """Return once every rank has come here."""
    if _has_others():
        dist.barrier()


def sum_over_ranks(counts: list[Any], device: Any) -> list[int]:
    """Return, on every rank alike, the sum of each count over all of them. A count is a number or a tensor."""
    sums = torch.stack([torch.as_tensor(count, device=device, dtype=torch.int64) for count in counts])
    if _has_others():
        dist.all_reduce(sums, op=dist.ReduceOp.SUM)
    summed: list[int] = sums.tolist()
    return summed


def _has_others() -> bool:
    return bool(dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1)
