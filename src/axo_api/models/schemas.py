"""Models as clients see them: OpenAI's object, and what axo knows beside it."""

from datetime import UTC, date, datetime, time
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict
from sqlalchemy import RowMapping

from axo_api.catalogue.schemas import BaseModelEntry
from axo_api.openai.names import base_name, model_name


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
    def of_job(cls, row: RowMapping, name: str | None = None) -> Self:
        """Return the model that a job of table `jobs` trained; `name`: a checkpoint of it."""
        spec = row["spec"]
        return cls(
            id=name or model_name(row),
            kind="trained",
            created=int((row["ended_at"] or row["created_at"]).timestamp()),
            owned_by=row["owner"],
            base_model=base_name(row),
            job_id=row["id"],
            method=spec.get("method", {}).get("type"),
            adapter=spec.get("adapter", {}).get("type"),
        )


def _seconds(day: date | None) -> int:
    return int(datetime.combine(day, time.min, tzinfo=UTC).timestamp()) if day else 0


class DeletedModel(BaseModel):
    """A model that is no more."""

    id: str
    object: Literal["model"] = "model"
    deleted: Literal[True] = True


class ModelList(BaseModel):
    """The base models, then what was trained here, newest first."""

    object: Literal["list"] = "list"
    data: list[Model]
