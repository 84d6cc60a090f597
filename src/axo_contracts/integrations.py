"""Where a run's figures are shown as well: a class a tracker. A new one: its class here, and how the worker sets it up
in `axo_worker/trackers.py`. Keys are never said here: they are the worker's."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from axo_contracts.strict import NO_NUL, Line, Strict

Tag = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f,]+$")]
"""A tracker's tag: one line, without a comma."""

Tags = Annotated[tuple[Tag, ...], Field(max_length=64)]


def _without_password(address: str) -> str:
    try:
        has_password = "@" in urlsplit(address).netloc
    except ValueError as error:
        raise ValueError(f"it is no address: {error}") from None
    if has_password:
        raise ValueError("it holds a user's name or password; leave them out, the worker's environment has the keys")
    return address


Address = Annotated[Line, Field(max_length=512), AfterValidator(_without_password)]
"""Where a tracker is: as the worker's environment has it, as AXO_TRACKER_ADDRESSES allows it, or anywhere with the
permission for unsafe code."""


class WeightsAndBiases(Strict):
    """Weights & Biases. The key is the worker's `WANDB_API_KEY`."""

    type: Literal["wandb"] = "wandb"
    project: Line
    """The project that the run belongs to."""
    name: Line | None = None
    """What the run is called. Left out: the job's name, or else its id."""
    entity: Line | None = None
    """The team or user. Left out: that of the key."""
    tags: Tags = ()
    """Labels of the run, beside `axo` and the job's id."""
    group: Line | None = None
    """The runs that this one is shown with."""
    mode: Literal["online", "offline"] = "online"
    """offline: the run is written into the job's artifacts, below `wandb/`, for `wandb sync`."""
    base_url: Address | None = None
    """A server of your own, as http(s)://host. Left out: the worker's WANDB_BASE_URL, or W&B's cloud."""

    @property
    def address(self) -> tuple[str, str | None]:
        """Return the field that says where the run is sent, and what it says."""
        return "base_url", self.base_url

    def axolotl_options(self, run_name: str | None) -> dict[str, Any]:
        """Return the Axolotl options that this means."""
        given = {"wandb_name": self.name or run_name, "wandb_entity": self.entity}
        return {"use_wandb": True, "wandb_project": self.project, "wandb_mode": self.mode, **_present(given)}

    def worker_options(self) -> dict[str, Any]:
        """Return what Axolotl has no option for, so that the worker sees to it."""
        return _present({"tags": list(self.tags), "group": self.group, "base_url": self.base_url})


class Mlflow(Strict):
    """MLflow. What it asks for (token, or name and password) is the worker's, as MLFLOW_TRACKING_…"""

    type: Literal["mlflow"] = "mlflow"
    experiment: Line
    """The experiment that the run belongs to; made where it is not there."""
    tracking_uri: Address | None = None
    """The server, as http(s)://host:port. Left out: the worker's MLFLOW_TRACKING_URI."""
    run_name: Line | None = None
    """What the run is called. Left out: the job's name, or else its id."""
    tags: Annotated[
        dict[Annotated[Line, Field(max_length=64)], Annotated[str, Field(max_length=512, pattern=NO_NUL)]],
        Field(max_length=16, default_factory=dict),
    ]
    """Labels of the run, beside `axo_job`."""

    @property
    def name(self) -> str | None:
        """What the run is called."""
        return self.run_name

    @property
    def address(self) -> tuple[str, str | None]:
        """Return the field that says where the run is sent, and what it says."""
        return "tracking_uri", self.tracking_uri

    def axolotl_options(self, run_name: str | None) -> dict[str, Any]:
        """Return the Axolotl options that this means."""
        given = {"mlflow_tracking_uri": self.tracking_uri, "mlflow_run_name": self.run_name or run_name}
        return {"use_mlflow": True, "mlflow_experiment_name": self.experiment, **_present(given)}

    def worker_options(self) -> dict[str, Any]:
        """Return what Axolotl has no option for, so that the worker sees to it."""
        return _present({"tags": dict(self.tags)})


class Tensorboard(Strict):
    """TensorBoard. Its event files are among the job's artifacts, below `tensorboard/`, from the first one on."""

    type: Literal["tensorboard"] = "tensorboard"

    @property
    def name(self) -> str | None:
        """Nothing: a run is called by its job."""
        return None

    @property
    def address(self) -> tuple[str, str | None]:
        """Return nothing: it stays in the job."""
        return "type", None

    def axolotl_options(self, run_name: str | None) -> dict[str, Any]:
        """Return the Axolotl options that this means."""
        return {"use_tensorboard": True}

    def worker_options(self) -> dict[str, Any]:
        """Return nothing more."""
        return {}


class Comet(Strict):
    """Comet. The key is the worker's `COMET_API_KEY`; its environment needs the package `comet_ml`."""

    type: Literal["comet"] = "comet"
    project: Line
    """The project that the experiment belongs to."""
    name: Line | None = None
    """What the experiment is called. Left out: the job's name, or else its id."""
    workspace: Line | None = None
    """The workspace. Left out: that of the key."""
    tags: Tags = ()
    """Labels of the experiment, beside `axo` and the job's id."""
    mode: Literal["online", "offline"] = "online"
    """offline: the experiment is written into the job's artifacts, below `comet/`, for `comet upload`."""

    @property
    def address(self) -> tuple[str, str | None]:
        """Return nothing: Comet's address is the worker's."""
        return "type", None

    def axolotl_options(self, run_name: str | None) -> dict[str, Any]:
        """Return the Axolotl options that this means."""
        options = {"use_comet": True, "comet_project_name": self.project, "comet_online": self.mode == "online"}
        name = self.name or run_name
        more = {"comet_workspace": self.workspace, "comet_experiment_config": {"name": name} if name else None}
        return options | _present(more)

    def worker_options(self) -> dict[str, Any]:
        """Return what Axolotl has no option for, so that the worker sees to it."""
        return _present({"tags": list(self.tags)})


class Trackio(Strict):
    """Trackio. Its database is among the job's artifacts, below `trackio/`; the worker needs the package `trackio`."""

    type: Literal["trackio"] = "trackio"
    project: Line
    """The project that the run belongs to."""
    name: Line | None = None
    """What the run is called. Left out: the job's name, or else its id."""
    space_id: Annotated[Address, Field(pattern=r"^[\w.-]+/[\w.-]+$")] | None = None
    """A Hugging Face Space that shows it too, with the worker's HF_TOKEN."""

    @property
    def address(self) -> tuple[str, str | None]:
        """Return the field that says where the run is sent, and what it says."""
        return "space_id", self.space_id

    def axolotl_options(self, run_name: str | None) -> dict[str, Any]:
        """Return the Axolotl options that this means."""
        given = {"trackio_run_name": self.name or run_name, "trackio_space_id": self.space_id}
        return {"use_trackio": True, "trackio_project_name": self.project, **_present(given)}

    def worker_options(self) -> dict[str, Any]:
        """Return nothing more."""
        return {}


Integration = Annotated[WeightsAndBiases | Mlflow | Tensorboard | Comet | Trackio, Field(discriminator="type")]
"""A tracker, by its `type`."""


def _fit_together(integrations: Sequence[Integration]) -> Sequence[Integration]:
    types = [integration.type for integration in integrations]
    if twice := next((one for one in types if types.count(one) > 1), None):
        raise ValueError(f"there are several of type {twice}; give one")
    names = {of.name for of in integrations if isinstance(of, WeightsAndBiases | Mlflow | Trackio) and of.name}
    if len(names) > 1:
        raise ValueError("Axolotl calls a run by one name in W&B, MLflow and Trackio; give them the same name")
    return integrations


Integrations = Annotated[tuple[Integration, ...], Field(max_length=5), AfterValidator(_fit_together)]
"""Trackers, at most one of each type."""


def _present(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value}
