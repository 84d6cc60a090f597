"""The control plane's settings, from the environment (`AXO_…`, nested with `__`). Each has a line in `.env.example`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork
from pydantic_settings import BaseSettings, SettingsConfigDict

from axo_contracts.keep import Keep
from axo_observability.logs import LogFormat


class HubSettings(BaseModel):
    """How names on the Hugging Face Hub are looked up when a job is submitted."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    check: bool = True
    """Ask the hub whether a model or data set exists. A hub that does not answer is no reason to refuse a job."""
    endpoint: str = "https://huggingface.co"
    """The hub, or a mirror of it."""
    timeout_seconds: Annotated[float, Field(gt=0)] = 3.0
    """How long to wait for the hub's answer."""


class FileSettings(BaseModel):
    """What uploads of data may be."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    max_unpacked_bytes: Annotated[int, Field(gt=0)] = 200_000_000_000
    """How large a data file may be when it is unpacked."""
    max_unpacked_ratio: Annotated[float, Field(ge=1)] = 200.0
    """How many times its size a compressed file may unpack to, from 16 MiB on. Text that repeats itself reaches 50."""
    upload_expiry_hours: Annotated[float, Field(gt=0)] = 24.0
    """How long an unfinished upload is kept after its last bytes came."""


class SweepSettings(BaseModel):
    """What is swept away, by age and by size. Everything is kept that no rule is for."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    files_days: Annotated[float, Field(gt=0)] | None = None
    """How long uploaded files are kept. Left out: until they are deleted."""
    files_bytes: Annotated[int, Field(ge=0)] | None = None
    """How much of all uploaded files is kept; the oldest go first."""
    checkpoints_days: Annotated[float, Field(gt=0)] | None = None
    """How long checkpoints are kept after the end of their job."""
    checkpoints_bytes: Annotated[int, Field(ge=0)] | None = None
    """How much of all checkpoints of ended jobs is kept; those whose job ended first go first."""
    logs_days: Annotated[float, Field(gt=0)] | None = None
    """How long the logs of a job are kept after its end. Its moves and its metrics stay."""
    logs_bytes: Annotated[int, Field(ge=0)] | None = None
    """How much of all logs of ended jobs is kept; those whose job ended first go first."""
    scratch_days: Annotated[float, Field(gt=0)] | None = None
    """How long inputs, prepared data and halves of checkpoints of attempts are kept after the end of their job."""
    every_hours: Annotated[float, Field(gt=0)] = 1.0
    """How often what is to go is looked for."""


class QuotaSettings(BaseModel):
    """How much of the storage owners may take: their files, checkpoints and results together."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    bytes: Annotated[int, Field(gt=0)] | None = None
    """How much each owner may have, in bytes, before uploads and submits are refused. Left out: any amount."""
    owners: dict[str, Annotated[int, Field(gt=0)]] = {}
    """How much single owners may have instead, as JSON: {"alice": 500000000000}."""


class CompletionSettings(BaseModel):
    """How long is waited for models that are asked."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    first_word_seconds: Annotated[float, Field(gt=0)] = 600.0
    """How long a completion may wait for others, and for its model to be loaded."""
    seconds: Annotated[float, Field(gt=0)] = 600.0
    """How long a model may write; what it has by then is the answer."""


class WebhookSettings(BaseModel):
    """Where webhooks may go, and how long they are tried."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    allowed_networks: list[IPvAnyNetwork] = []
    """Networks besides the public internet that webhooks may reach, also by http://, as JSON: ["127.0.0.0/8"]."""
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 15.0
    """How long one attempt to deliver a webhook may take."""
    first_retry_seconds: Annotated[float, Field(gt=0)] = 5.0
    """How long to wait after the first attempt that failed. From one to the next, the wait doubles."""
    longest_retry_seconds: Annotated[float, Field(gt=0)] = 3600.0
    """How long it becomes at most."""
    give_up_hours: Annotated[float, Field(gt=0)] = 24.0
    """How long a webhook is tried."""
    keep_days: Annotated[float, Field(gt=0)] = 30.0
    """How long deliveries that have ended are kept."""


class Settings(BaseSettings):
    """All that the control plane is told from outside."""

    model_config = SettingsConfigDict(
        env_prefix="AXO_", env_nested_delimiter="__", extra="ignore", use_attribute_docstrings=True
    )

    database_url: str = "sqlite:///data/axo.db"
    """sqlite:///path, or postgresql+psycopg://user:password@host/database."""
    redis_url: str = "redis://127.0.0.1:6379/0"
    """Redis or Valkey: redis://, rediss:// (TLS) or unix:///path/to/socket."""
    storage_root: Path = Path("data/storage")
    """The folder for files, journals and results, shared with the workers under the same contents."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8400
    """The port to listen on."""
    require_keys: bool | Literal["auto"] = "auto"
    """Whether requests need an API key. auto: as soon as there is one, and always when not on loopback."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """How much the service says about itself."""
    log_format: LogFormat = "console"
    """json: a JSON object a line, for what collects logs. console: for people."""
    otlp_endpoint: str | None = None
    """Where OpenTelemetry traces are sent by OTLP over HTTP, such as http://collector:4318; needs axo[otel]."""
    open_metrics: bool | Literal["auto"] = "auto"
    """Whether /metrics needs no API key. auto: to a scraper on this host, of a service that listens on loopback."""
    allowed_roots: list[Path] = []
    """Folders below which a job may name models and data by path, as a JSON list. Empty: none."""
    tracker_addresses: list[str] = []
    """MLflow and W&B servers, and Trackio Spaces, that any job may name in `integrations`, as a JSON list."""
    push_destinations: list[str] = []
    """Where results may be pushed, as JSON, the same on API and workers: ["hf://my-org", "s3://bucket/{owner}"]."""
    unsafe_code: bool = False
    """Whether jobs may run code of their own, and reach files and services outside of them. For people you trust."""
    base_models: dict[str, str] = {}
    """What clients call a model → its name on the hub or its folder, as JSON: {"gpt-4o-mini": "org/model"}."""
    python_grader_seconds: Annotated[float, Field(gt=0, le=300)] = 30.0
    """How long the code of a python grader may run at /v1/fine_tuning/alpha/graders/run."""
    max_waiting_jobs: Annotated[int, Field(ge=1)] | None = None
    """How many jobs of one owner may wait at once, before more are refused with 429. Left out: any number."""
    lease_seconds: Annotated[float, Field(ge=1, le=60)] = 30.0
    """How long a worker may be silent before its job is given to another."""
    stop_grace_seconds: Annotated[float, Field(ge=0)] = 30.0
    """How long a trainer that was asked to stop may take to write its checkpoint before it is killed."""
    progress_event_seconds: Annotated[float, Field(ge=0)] = 5.0
    """How long a run's progress is not told again over Redis. The last is always told."""
    keep: Keep | None = None
    """Which checkpoints of trainings that do not say it are kept, as JSON: {"last": 3}. Left out: the newest three."""
    run_control_loop: bool = True
    """Whether this process may lead the control loop. Of several that may, one does."""
    files: FileSettings = FileSettings()
    signing_key_file: Path | None = None
    """The Ed25519 key (PEM) that signs manifests and URLs; made when it is not there. Left out: in the storage."""
    serve_pickles: bool = False
    """Whether files that may run code when they are loaded (.bin, .pt, .pth …) can be downloaded as artifacts."""
    catalogue: Path | None = None
    """A YAML file of base models and presets that are added to those that axo brings, or take their place by name."""
    hub: HubSettings = HubSettings()
    completions: CompletionSettings = CompletionSettings()
    webhooks: WebhookSettings = WebhookSettings()
    sweep: SweepSettings = SweepSettings()
    quota: QuotaSettings = QuotaSettings()

    @property
    def readable_roots(self) -> list[Path]:
        """The folders below which a job may name models and data: the allowed roots, and the operator's base models."""
        return [*self.allowed_roots, *(Path(path) for path in self.base_models.values() if path.startswith("/"))]
