"""The environment of everything that runs in the trainer's: an allow-list, without any secret of the service."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from axo_worker.settings import Settings

_LET_THROUGH = frozenset(
    {"HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH"}
    | {"HF_HOME", "HF_HUB_OFFLINE", "HF_ENDPOINT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"}
    | {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}
)
CONVERTER = "convert_hf_to_gguf.py"  # of the package convert-hf-to-gguf, as in llama.cpp
_LET_THROUGH_PREFIXES = ("CUDA_", "NVIDIA_", "NCCL_", "ROCM_")


def trainer_environment(settings: Settings) -> dict[str, str]:
    """Return what a run and the helper have in common."""
    passed = {
        name: value
        for name, value in os.environ.items()
        if name in _LET_THROUGH or name.startswith(_LET_THROUGH_PREFIXES) or name in settings.trainer_pass_env
    }
    return {
        "HF_HOME": str(settings.worker_home.absolute() / "huggingface"),
        **passed,
        "PATH": f"{absolute(settings.trainer_python).parent}:{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        "AXOLOTL_DO_NOT_TRACK": "1",
        "AXOLOTL_METRIC_NDIGITS": "17",  # all of a float: Axolotl rounds rewards and margins to 5 digits otherwise
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


def threads(processes: int) -> str:
    """Return how many threads each of so many processes computes with; what the worker was told comes first."""
    return os.environ.get("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // max(1, processes))))


def link_packages(packages: Mapping[str, ModuleType], folder: Path) -> Path:
    """Fill `folder`, for the trainer's PYTHONPATH, with packages of ours under the names that are given. Return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, package in packages.items():
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(Path(str(package.__file__)).parent)
    return folder


def gguf_converter(settings: Settings) -> Path | None:
    """Return llama.cpp's converter: the operator's, or that of the package in the trainer's environment."""
    if settings.gguf_converter is not None:
        found = [settings.gguf_converter]
    else:
        found = list(absolute(settings.trainer_python).parent.parent.glob(f"lib/python3*/site-packages/{CONVERTER}"))
    return next((absolute(path) for path in found if path.is_file()), None)


def hub_cache(settings: Settings) -> Path:
    """Return where the trainer keeps what hubs gave it."""
    environment = trainer_environment(settings)
    return Path(environment.get("HF_HUB_CACHE") or Path(environment["HF_HOME"], "hub"))


def absolute(path: Path) -> Path:
    """Return the path from the root on; a virtual environment's python is a link that must not be followed."""
    return Path(os.path.abspath(path))  # noqa: PTH100
