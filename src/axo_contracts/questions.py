"""What the control plane asks a worker's warm helper, in the trainer's environment, and what it answers."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from axo_contracts.orders import InputFile
from axo_contracts.resources import Gpu


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """The GPUs that will run a config; none means the CPU. They need not be those of the host that is asked."""

    gpus: int = 0
    compute_capability: tuple[int, int] | None = None  # of the weakest
    memory_bytes: int | None = None  # of the smallest


class ValidateQuestion(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="validate"):
    """Would Axolotl accept this config on that device?"""

    config: dict[str, Any]
    device: Device = Device()


class PlanQuestion(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="plan"):
    """What would a run of this config be? Its inputs are put at `inputs/{name}`, as a run has them."""

    config: dict[str, Any]
    inputs: tuple[InputFile, ...] = ()
    device: Device = Device()
    most_rows: int = 20_000  # that are read; with more of them, or very long ones, the figures are projected
    seconds: float = 60.0  # after which it is given up


class PreviewQuestion(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="preview"):
    """What does the trainer make of these rows? The config's first data set says how they read."""

    config: dict[str, Any]
    rows: tuple[Any, ...]
    device: Device = Device()


Question = ValidateQuestion | PlanQuestion | PreviewQuestion


class ConfigProblem(msgspec.Struct, frozen=True):
    """One thing that Axolotl does not accept. `param` is the option's dotted name; None: a rule across several."""

    param: str | None
    message: str


class Valid(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="valid"):
    """Axolotl accepts the config. `config` is what it makes of it, defaults and all."""

    config: dict[str, Any]
    warnings: tuple[str, ...] = ()


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="refused"):
    """Axolotl does not accept the config."""

    errors: tuple[ConfigProblem, ...]


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="failed"):
    """The question could not be answered; it says nothing about the config."""

    message: str


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of a whole run, padding left out."""

    total: int  # that the model reads
    trained: int  # that carry loss
    longest_row: int
    is_exact: bool  # False: projected from a sample, or from an epoch's mean
    metric: str | None = None  # of the run, that counts the same as `metric_counts` says
    metric_counts: Literal["total", "trained"] | None = None


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """One part of an estimate in bytes, and what it rests on."""

    part: str
    bytes: int
    rests_on: str


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """What a run leaves below its outputs, and what it needs at most on the way, in bytes."""

    checkpoint_bytes: int
    checkpoints_kept: int
    result_bytes: int
    total_bytes: int
    peak_bytes: int
    parts: tuple[Size, ...] = ()


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """How large the model is."""

    total: int
    trained: int


class Planned(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="planned"):
    """What a run would be. What is None is not known; `warnings` say why."""

    config: dict[str, Any]
    rows: int | None = None  # that are trained on in one epoch
    validation_rows: int | None = None
    steps: int | None = None
    epochs: float | None = None
    tokens: Tokens | None = None
    parameters: Parameters | None = None
    memory: tuple[Size, ...] | None = None  # a GPU
    disk: Disk | None = None
    warnings: tuple[str, ...] = ()


class SeenRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row as the trainer will see it: `pieces[i]` is the text of token `ids[i]`, and it carries loss or not.

    A row of a pair has one of these for each of its answers. A row that the trainer would drop has a `problem`.
    """

    row: int  # counts from 1
    role: Literal["text", "chosen", "rejected"] = "text"
    text: str = ""
    ids: tuple[int, ...] = ()
    pieces: tuple[str, ...] = ()
    carries_loss: tuple[bool, ...] = ()
    problem: str | None = None


class Previewed(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="previewed"):
    """The rows as the trainer will see them."""

    rows: tuple[SeenRow, ...]


Answer = Valid | Refused | Planned | Previewed | Failed

encode = msgspec.json.Encoder().encode
decode_question = msgspec.json.Decoder(Question).decode
decode_answer = msgspec.json.Decoder(Answer).decode


def device_of(gpus: tuple[Gpu, ...]) -> Device:
    """Return the device that these GPUs are together; none of them: the CPU."""
    if not gpus:
        return Device()
    return Device(
        gpus=len(gpus),
        compute_capability=min(gpu.compute_capability for gpu in gpus),
        memory_bytes=min(gpu.memory_bytes for gpu in gpus),
    )


def sentence_of(errors: Sequence[ConfigProblem]) -> str:
    """Return what Axolotl refuses, in one line."""
    first = errors[0]
    more = f" And {len(errors) - 1} more." if len(errors) > 1 else ""
    return f"{first.param}: {first.message}{more}" if first.param else f"{first.message}{more}"
