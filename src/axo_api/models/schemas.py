"""Models as clients see them: OpenAI's object, and what axo knows beside it."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import RowMapping

from axo_api.catalogue.schemas import BaseModelEntry
from axo_api.models.gates import Gate
from axo_api.openai.names import base_name, checkpoint_name, model_name, parse
from axo_contracts.strict import Strict


class Model(BaseModel):
    """A base model of the catalogue, or one that was trained here."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    """A base model's name on the hub, or `ft:{base}:{owner}:{suffix}:{id}`."""
    object: Literal["model"] = "model"
    created: int
    """Seconds since 1970; 0 where it is not known."""
    owned_by: str
    kind: Literal["base", "trained"]
    base_model: str | None = None
    """What a trained model was trained from, or what the operator's name stands for."""
    alias_of: str | None = None
    """The own name of the model, or of the checkpoint, where this is another one for it."""
    job_id: str | None = None
    """The job that trained it."""
    method: str | None = None
    adapter: str | None = None
    architecture: str | None = None
    parameters: int | None = None
    bytes: int | None = None
    """What a base model's weights take in 16 bits."""
    context: int | None = None
    """The longest text that it takes, in tokens."""
    chat_template: str | None = None
    licence: str | None = None
    lora_targets: tuple[str, ...] | None = None
    """The modules that a LoRA adapter sensibly adapts."""

    @classmethod
    def of_catalogue(cls, entry: BaseModelEntry) -> Self:
        """Return a base model."""
        return cls(
            kind="base",
            created=_seconds(entry.released),
            owned_by=entry.id.partition("/")[0],
            bytes=entry.bytes,
            **entry.model_dump(exclude={"released"}),
        )

    @classmethod
    def of_operator(cls, name: str, base_model: str) -> Self:
        """Return a base model by the name that the operator has given it."""
        return cls(id=name, kind="base", created=0, owned_by="operator", base_model=base_model)

    @classmethod
    def of_job(cls, row: RowMapping, name: str | None = None, step: int | None = None) -> Self:
        """Return the model that a job of table `jobs` trained, or its checkpoint of a step; `name`: an alias of it."""
        spec, own_name = row["spec"], model_name(row) if step is None else checkpoint_name(row, step)
        return cls(
            id=name or own_name,
            kind="trained",
            alias_of=own_name if name is not None and parse(name) is None else None,
            created=int((row["ended_at"] or row["created_at"]).timestamp()),
            owned_by=row["owner"],
            base_model=base_name(row),
            job_id=row["id"],
            method=spec.get("method", {}).get("type"),
            adapter=spec.get("adapter", {}).get("type"),
        )


def _seconds(day: date | None) -> int:
    return int(datetime.combine(day, time.min, tzinfo=UTC).timestamp()) if day else 0


class NewAlias(Strict):
    """What a name is to stand for: a job's result or checkpoint, or a model."""

    job_id: Annotated[str, Field(max_length=64, examples=["ftjob-01m80dj386h6snwnj5w2aq1gwa"])] | None = None
    """The job whose result it names. It need not have ended; once it has, there must be a result."""
    step: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """The step of a checkpoint of it. Left out: the result."""
    model: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    """In place of the job: `ft:…`, `ft:…:ckpt-step-N`, or another name of that."""
    gate: Gate | None = None
    """What an evaluation must say of it; else the name stays where it is, and the answer is 409 with the figures."""

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if (self.job_id is None) == (self.model is None) or (self.step is not None and self.job_id is None):
            raise ValueError("give job_id, and step for a checkpoint of it; or give model alone")
        return self


class Alias(BaseModel):
    """A name, and what it stands for."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    """The name."""
    object: Literal["model.alias"] = "model.alias"
    job_id: str
    step: int | None
    stands_for: str
    """The own name of that model or checkpoint."""
    owned_by: str
    created: int
    """When it came to stand for that, in seconds since 1970."""

    @classmethod
    def of(cls, row: RowMapping, stands_for: str) -> Self:
        """Return a row of table `model_aliases`."""
        return cls(
            id=row["name"],
            job_id=row["job_id"],
            step=row["step"],
            stands_for=stands_for,
            owned_by=row["owner"],
            created=int(row["created_at"].timestamp()),
        )


class AliasMove(BaseModel):
    """What a name came to stand for."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    object: Literal["model.alias.move"] = "model.alias.move"
    id: str
    job_id: str
    step: int | None
    stands_for: str
    """The own name of that model or checkpoint. It may have been deleted since."""
    before: str | None
    """What it stood for before. null: nothing."""
    moved_at: datetime
    moved_by: str | None
    """The owner of the key that moved it. null: from before that was noted."""
    is_undo: bool
    gate: dict[str, Any] | None
    """What was asked of an evaluation, with its `figures`. null: there was no gate."""


class DeletedModel(BaseModel):
    """A model that is no more."""

    id: str
    object: Literal["model"] = "model"
    deleted: Literal[True] = True


class ModelList(BaseModel):
    """The base models, then what was trained here, newest first."""

    object: Literal["list"] = "list"
    data: list[Model]
