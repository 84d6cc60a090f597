"""Where a spec names a model that it starts from."""

from typing import NamedTuple


class NamedModel(NamedTuple):
    """A model as it was named, and the field that names it: `base_model`, `model`, `compare_with`."""

    field: str
    name: str
    revision: str | None = None

    @property
    def is_trained_here(self) -> bool:
        """Whether it is the name of a result or of an alias, and not one on the hub or a path."""
        return self.name.startswith(TRAINED_HERE)


TRAINED_HERE = "ft:"
