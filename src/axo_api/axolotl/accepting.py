"""Whether the Axolotl keys of a spec may be run: known ones, of the right type, not axo's own, and within the job."""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from axo_api.axolotl.checking import Problem, excerpt, problems_of
from axo_api.axolotl.config_schema import config_schema
from axo_api.axolotl.device_defaults import ATTENTIONS, PRECISIONS
from axo_api.axolotl.reaching import reaching
from axo_api.axolotl.readable import Readable
from axo_api.axolotl.rules import OUR_PLUGIN, RESERVED, InWhole
from axo_api.errors import MOST_PROBLEMS, Invalid
from axo_api.jobs.permission import Permission
from axo_api.settings import Settings
from axo_contracts.config_spec import ConfigSpec
from axo_contracts.jobs import JobSpec
from axo_contracts.resources import LORA_KERNELS
from axo_contracts.training import Training


def has_keys_of_axolotl(spec: JobSpec) -> bool:
    """Return whether there is anything in `spec` for `check_keys` to look at."""
    return isinstance(spec, ConfigSpec) or (isinstance(spec, Training) and bool(spec.axolotl))


def check_keys(spec: JobSpec, settings: Settings, permission: Permission) -> None:
    """Raise `Invalid` for all that is wrong with the Axolotl keys of `spec`. It looks at links on the disk."""
    match spec:
        case Training():
            prefix, config, own = "axolotl", spec.axolotl, _not_for_a_spec(spec)
        case ConfigSpec():
            prefix, config, own = "config", _without_replaced(spec.config), _refused(spec.config)
        case _:
            return
    schema = config_schema()
    beyond = iter(()) if permission.unsafe_code else reaching(config, Readable.of(settings, permission), schema)
    problems = _once_a_key(chain(own, _of_our_plugin(config), problems_of(config, schema), beyond))
    _refuse(prefix, list(islice(problems, MOST_PROBLEMS)))


def _not_for_a_spec(spec: Training) -> Iterator[Problem]:
    for key in spec.axolotl.keys() & RESERVED.keys():
        yield Problem(key, f"it is not said here: {RESERVED[key].reason}", spec.axolotl[key])
    yield from _said_twice(spec)


def _refused(config: dict[str, Any]) -> Iterator[Problem]:
    for key in config.keys() & RESERVED.keys():
        if RESERVED[key].in_whole is InWhole.REFUSED and config[key]:
            yield Problem(key, f"leave it out: {RESERVED[key].reason}", config[key])


def _without_replaced(config: dict[str, Any]) -> dict[str, Any]:
    replaced = {key for key, reserved in RESERVED.items() if reserved.in_whole is InWhole.REPLACED}
    return {key: value for key, value in config.items() if key not in replaced}


def _said_twice(spec: Training) -> Iterator[Problem]:
    """Yield keys that say what the spec's `integrations` say, or its `resources` by name, which is not `auto`."""
    for integration in spec.integrations:
        for key in spec.axolotl.keys() & integration.axolotl_options(spec.name).keys():
            yield Problem(key, f"integrations has it already, as {integration.type}; say it there", spec.axolotl[key])
    asked = {"precision": PRECISIONS, "attention": ATTENTIONS, "kernels": LORA_KERNELS}
    for field, keys in asked.items():
        if getattr(spec.resources, field) != "auto":
            for key in spec.axolotl.keys() & set(keys):
                yield Problem(key, f"resources.{field} says it already; give one of them", spec.axolotl[key])


def _of_our_plugin(config: dict[str, Any]) -> Iterator[Problem]:
    plugins = config.get("plugins")
    for index, name in enumerate(plugins if isinstance(plugins, list) else ()):
        if isinstance(name, str) and name.split(".")[0] == OUR_PLUGIN:
            yield Problem(f"plugins.{index}", "leave it out: axo lists its own plugin itself", name)


def _once_a_key(problems: Iterator[Problem]) -> Iterator[Problem]:
    told = set()
    for problem in problems:
        if problem.where not in told:
            told.add(problem.where)
            yield problem


def _refuse(prefix: str, problems: list[Problem]) -> None:
    if not problems:
        return
    errors = [
        {
            "param": f"{prefix}.{problem.where}",
            "message": f"{prefix}.{problem.where}: {problem.sentence}.".replace("?.", "?"),
            "value": excerpt(problem.value),
        }
        for problem in problems
    ]
    more = f" (and {len(errors) - 1} more: see errors)" if len(errors) > 1 else ""
    raise Invalid(f"{errors[0]['message']}{more}", param=errors[0]["param"], errors=errors)
