"""`TRAINER_PYTHON scripts/export_axolotl_schema.py [FOLDER]` writes the JSON schema of the installed Axolotl.

Run it with the trainer's python, in which Axolotl is installed; the file is named for Axolotl's version. It holds what
`AxolotlInputConfig` takes, what the plugins that Axolotl ships add to it, and what its validators read besides:

- `x-plugin` on a key: only this plugin, listed in `plugins`, makes Axolotl read the key.
- `x-any-type` on a key: Axolotl converts the value itself before it looks at the type.
- `x-legacy` on a key: no field, but read by a validator, which renames it or says what has taken its place.
- `x-dropped` on a key: Axolotl drops it, yet its own examples have it, so that it is taken, and never suggested.
- `x-dataset-types`: how the `type` of a data set begins when it names what Axolotl ships, not a module of the user's.
- `x-plugins`: the plugins that Axolotl ships, by package and class: whether one is always on, and the keys that it
  rewrites before their types are looked at.
"""

import ast
import inspect
import json
import os
import re
import sys
import typing
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ.update(AXOLOTL_DO_NOT_TRACK="1", HF_HUB_OFFLINE="1")

from axolotl import prompt_strategies
from axolotl.integrations import base
from axolotl.utils.data.wrappers import DATASET_HANDLERS
from axolotl.utils.schemas.config import AxolotlConfigWCapabilities, AxolotlInputConfig
from pydantic import AliasChoices, BaseModel, create_model
from pydantic.json_schema import GenerateJsonSchema

FOLDER = Path("src/axo_api/axolotl/schema")
PLUGINS = "axolotl.integrations."
ONLY_LOOKED_AT = {"datasets"}  # by a validator that runs before the type is checked, yet converts nothing
DROPPED = [
    *["adam_eps", "base_model_ignore_patterns", "context_parapllel_size", "debug", "eta_min", "gptq_disable_exllama"],
    *["gptq_groupsize", "gptq_model_v1", "sample_packing_seq_len_multiplier", "test_value", "torch_dtype"],
]
DROPPED_OF_FSDP = [
    "backward_prefetch",
    "forward_prefetch",
    "limit_all_gathers",
    "sharding_strategy",
    "sync_module_states",
    "use_orig_params",
]


class Tolerant(GenerateJsonSchema):
    """Writes down what JSON can say, where pydantic's own generator gives up on an enum or a default of torch's."""

    def enum_schema(self, schema: Any) -> dict[str, Any]:
        """Return an enum by the names of its members where JSON has no words for their values."""
        try:
            return super().enum_schema(schema)
        except ValueError:
            return {"enum": [member.name for member in schema["members"]]}

    def encode_default(self, dft: Any) -> Any:
        """Return a default as JSON; where JSON has no words for it, its name."""
        try:
            return super().encode_default(dft)
        except ValueError:
            return getattr(dft, "name", str(dft))


def export() -> dict[str, Any]:
    """Return the schema of the installed Axolotl."""
    schema = _schema_of(AxolotlInputConfig)
    for plugin, arguments in sorted(_plugins().items()):
        own = _schema_of(create_model("Alone", __base__=arguments))
        schema["$defs"] |= own.get("$defs", {})
        for key, value in own["properties"].items():
            schema["properties"].setdefault(key, {**value, "x-plugin": plugin})
    for key in sorted(_read_by_validators() - schema["properties"].keys()):
        schema["properties"][key] = {"x-legacy": True}
    for key in DROPPED:
        schema["properties"].setdefault(key, {"x-dropped": True})
    schema["$defs"]["FSDPConfig"]["properties"] |= _older_fsdp_keys(schema["$defs"]["FSDPConfig"]["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Axolotl {version('axolotl')} config",
        "type": "object",
        "properties": schema["properties"],
        "required": sorted(schema["required"]),
        "additionalProperties": False,
        "$defs": dict(sorted(schema["$defs"].items())),
        "x-dataset-types": _dataset_types(),
        "x-plugins": {
            name: {"always_on": f"{PLUGINS}{name}" in base.BUILTIN_PLUGINS, "rewrites": _rewritten_by(plugin)}
            for name, plugin in sorted(_plugin_classes().items())
        },
    }


def _schema_of(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(schema_generator=Tolerant)
    for below in _models(model, set()):
        written = schema if below is model else schema["$defs"].get(below.__name__)
        if written is not None:
            _mark_fields(below, written["properties"])
    for definition in (schema, *schema.get("$defs", {}).values()):
        definition.pop("title", None)
        for value in definition.get("properties", {}).values():
            value.pop("title", None)
    return schema


def _mark_fields(model: type[BaseModel], properties: dict[str, Any]) -> None:
    for decorator in model.__pydantic_decorators__.field_validators.values():
        if decorator.info.mode != "after":
            for field in set(decorator.info.fields) - ONLY_LOOKED_AT:
                properties[field]["x-any-type"] = True
    for name, field in model.model_fields.items():
        names = field.validation_alias.choices if isinstance(field.validation_alias, AliasChoices) else [field.alias]
        other_names = {other for other in (*names, name) if isinstance(other, str)} - properties.keys()
        written = next(properties[key] for key in (field.alias, name, *names) if key in properties)
        by_name = model.model_config.get("populate_by_name")
        properties |= {other: written for other in sorted(other_names) if by_name or other != name}


def _models(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    if model in seen:
        return
    seen.add(model)
    yield model
    for field in model.model_fields.values():
        for annotation in _classes(field.annotation):
            yield from _models(annotation, seen)


def _classes(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and not typing.get_origin(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _classes(argument)


def _dataset_types() -> list[str]:
    """Return the ways to read a data set that Axolotl ships."""
    folder = Path(inspect.getfile(prompt_strategies)).parent
    modules = {file.stem for file in folder.rglob("*.py")} - {"__init__", "base"}
    modules |= {file.parent.name for file in folder.glob("*/__init__.py")}
    return sorted(modules | {handler.split(":")[0] for handler in DATASET_HANDLERS})


def _older_fsdp_keys(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the names of FSDP1, which had a prefix; a validator takes it away."""
    dropped = {key: {"x-dropped": True} for key in DROPPED_OF_FSDP}
    known = {key: value for key, value in properties.items() if not key.startswith("fsdp_")} | dropped
    return dropped | {f"fsdp_{key}": {**value, "x-legacy": True} for key, value in known.items()}


def _plugins() -> dict[str, type[BaseModel]]:
    """Return the arguments that plugins add to the config, by the plugin's name."""
    arguments = {}
    for name, plugin in _plugin_classes().items():
        for path in _returned_by(plugin, "get_input_args"):
            package, _, cls = path.rpartition(".")
            arguments[name] = getattr(_module(package), cls)
    return arguments


def _module(name: str) -> ModuleType:
    """Import a plugin's module; where the plugin's own needs are not installed, only the file of its arguments."""
    try:
        return import_module(name)
    except ImportError:
        package = name.removeprefix(PLUGINS).split(".")[0]
        spec = spec_from_file_location(f"arguments_of_{package}", _integrations() / package / "args.py")
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[spec.name] = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


def _plugin_classes() -> dict[str, ast.ClassDef]:
    """Return every plugin that Axolotl ships, as source: what it imports may be missing here."""
    found: dict[str, ast.ClassDef] = {}
    for file in sorted(_integrations().glob("*/*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and any(ast.unparse(parent) == "BasePlugin" for parent in node.bases):
                found[f"{file.parent.name}.{node.name}"] = node
    return found


def _integrations() -> Path:
    return Path(inspect.getfile(base)).parent


def _returned_by(plugin: ast.ClassDef, method: str) -> list[str]:
    returns = [node.value for node in _statements(plugin, method) if isinstance(node, ast.Return)]
    return [value.value for value in returns if isinstance(value, ast.Constant) and isinstance(value.value, str)]


def _rewritten_by(plugin: ast.ClassDef) -> list[str]:
    """Return the keys that a plugin sets when it is registered, which is before the config is read."""
    keys = [
        node.slice.value
        for node in _statements(plugin, "register")
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and isinstance(node.slice, ast.Constant)
    ]
    return sorted({key for key in keys if isinstance(key, str)})


def _statements(plugin: ast.ClassDef, method: str) -> Iterator[ast.AST]:
    for node in plugin.body:
        if isinstance(node, ast.FunctionDef) and node.name == method:
            yield from ast.walk(node)


def _read_by_validators() -> set[str]:
    """Return the keys that validators look for before the fields are read."""
    got = r"""\bdata(?:\.get\(|\.pop\(|\[)\s*["'](\w+)["']"""
    looked_for = r"""["'](\w+)["']\s+(?:not\s+)?in\s+data\b(?![.\[(])"""
    reads = re.compile(f"{got}|{looked_for}")
    read: set[str] = set()
    for decorator in AxolotlConfigWCapabilities.__pydantic_decorators__.model_validators.values():
        if decorator.info.mode == "before":
            read |= {one or other for one, other in reads.findall(inspect.getsource(decorator.func))}
    return read - AxolotlConfigWCapabilities.model_fields.keys()


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    text = json.dumps(export(), ensure_ascii=False, separators=(",", ":"))
    (folder / f"axolotl-{version('axolotl')}.json").write_text(text + "\n", encoding="utf-8")
