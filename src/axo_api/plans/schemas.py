"""Plans and previews as clients see them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from axo_contracts.formats import RowFormat
from axo_contracts.methods import Method, Sft
from axo_contracts.named_model import ModelName


class _View(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class TokenCount(_View):
    """Tokens of the whole run, padding left out."""

    total: int
    """Tokens that the model reads."""
    trained: int
    """Tokens that carry loss."""
    longest_row: int
    is_exact: bool
    """false: projected from a sample of the rows, or from an epoch's mean."""
    metric: str | None
    """The run's own metric that will say the same at its end, for what `metric_counts` names."""
    metric_counts: Literal["total", "trained"] | None


class ParameterCount(_View):
    """How large the model is, and how much of it is trained."""

    total: int
    trained: int


class SizePart(_View):
    """One part of an estimate, and what it rests on."""

    part: str
    bytes: int
    rests_on: str


class MemoryEstimate(_View):
    """Memory that each GPU needs, or the host on a CPU. An estimate: the parts say what it assumes."""

    total_bytes: int
    available_bytes: int | None
    """Memory of the smallest GPU that the job would get."""
    parts: list[SizePart]


class DiskEstimate(_View):
    """What the run writes below its `outputs`."""

    checkpoint_bytes: int
    checkpoints_kept: int
    result_bytes: int
    total_bytes: int
    """What is there when it has ended."""
    peak_bytes: int
    """The most that is there on the way: the newest checkpoint beside those that are kept."""
    parts: list[SizePart]
    """What one checkpoint is made of."""


class TimeEstimate(_View):
    """How long the run would take, from this fleet's own runs of the same kind."""

    seconds: float
    runs: int
    rests_on: str


class Plan(_View):
    """What a job would be. What is null is not known; `warnings` say why."""

    object: Literal["job.plan"] = "job.plan"
    config_name: str
    """The name that the config's file would have."""
    config: dict[str, Any]
    """The Axolotl config as the job would run it."""
    config_yaml: str
    """The same as YAML."""
    spec: dict[str, Any]
    """The spec with its preset and every default filled in."""
    defaults: dict[str, Any]
    """What the request left out, by dotted name, with the value that it gets."""
    axolotl_defaults: dict[str, Any] | None
    """What Axolotl adds to the config by itself."""
    worker: str | None
    """The worker whose trainer was asked."""
    rows: int | None
    """Rows that are trained on in one epoch, those that are too long or held out left off."""
    validation_rows: int | None
    steps: int | None
    epochs: float | None
    tokens: TokenCount | None
    parameters: ParameterCount | None
    memory: MemoryEstimate | None
    disk: DiskEstimate | None
    time: TimeEstimate | None
    """null until a job of the same base model, method and adapter has succeeded here."""
    warnings: list[str]


class PreviewRequest(_View):
    """How to read a file's rows."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    base_model: ModelName
    """The model whose tokenizer and chat template the rows go through."""
    method: Method = Sft()
    format: RowFormat | None = None
    sequence_len: Annotated[int, Field(ge=8, le=1_048_576)] = 2048
    """Rows that are longer are marked."""
    rows: Annotated[int, Field(ge=1, le=20)] = 5
    """How many of the first rows."""


class TokenizedRow(_View):
    """A row as the trainer will see it. A pair is shown twice, with each of its answers."""

    row: int
    """Counts from 1."""
    role: Literal["text", "chosen", "rejected"]
    text: str
    """What the model reads, special tokens and all."""
    ids: list[int]
    pieces: list[str]
    """The text of each token."""
    carries_loss: list[bool]
    """Whether each token is learnt."""
    problem: str | None
    """Why the trainer would leave the row out, or cut it."""


class TokenizedPreview(_View):
    """The first rows of a file as the trainer will see them."""

    object: Literal["list"] = "list"
    worker: str
    """The worker whose trainer was asked."""
    data: list[TokenizedRow]
