"""Reading the catalogue: what axo brings, and the operator's file over it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from axo_api.catalogue.schemas import BaseModelEntry, CatalogueFile, Preset
from axo_contracts.adapters import Adapter
from axo_contracts.hyperparameters import Hyperparameters

PACKAGED = ("models.yaml", "presets.yaml")
_ADAPTER: TypeAdapter[Adapter] = TypeAdapter(Adapter)


class BadCatalogue(Exception):
    """A catalogue file cannot be used. The message says which, where in it, and why."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Base models and presets, by name."""

    models: Mapping[str, BaseModelEntry]
    presets: Mapping[str, Preset]


def read_catalogue(own_file: Path | None) -> Catalogue:
    """Return what axo brings with `own_file` over it: an entry takes the place of one of its name.

    Raises `BadCatalogue`.
    """
    packaged = [Path(__file__).with_name(name) for name in PACKAGED]
    files = [_read(path) for path in (*packaged, *([own_file] if own_file else []))]
    models = {model.id: model for file in files for model in file.models}
    presets = {name: preset for file in files for name, preset in file.presets.items()}
    return Catalogue(models, presets)


def _read(path: Path) -> CatalogueFile:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        file = CatalogueFile.model_validate({} if content is None else content)
    except (OSError, UnicodeDecodeError) as error:
        raise BadCatalogue(f"The catalogue {path} cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        raise BadCatalogue(f"The catalogue {path} is not YAML: {' '.join(str(error).split())}.") from error
    except ValidationError as error:
        raise BadCatalogue(f"The catalogue {path} cannot be used: {_first(error)}") from error
    _check_names(path, [model.id for model in file.models])
    for name, preset in file.presets.items():
        _check_preset(path, name, preset)
    return file


def _check_names(path: Path, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BadCatalogue(f"The catalogue {path} cannot be used: models has {name!r} twice.")
        seen.add(name)


def _check_preset(path: Path, name: str, preset: Preset) -> None:
    try:
        Hyperparameters.model_validate(preset.hyperparameters)
        _ADAPTER.validate_python({"type": "lora", **preset.adapter})
    except ValidationError as error:
        raise BadCatalogue(f"The catalogue {path} cannot be used: presets.{name}: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    problem = error.errors()[0]
    return f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}."
