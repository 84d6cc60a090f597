"""What the rows of a data file are wrapped in. A file's name says it: `rows.csv.gz` is a table, packed."""

from typing import Literal, NamedTuple, Self, get_args

Container = Literal["jsonl", "json", "csv", "parquet"]
Compression = Literal["gzip", "zstd"]

CONTAINERS: tuple[Container, ...] = get_args(Container)
COMPRESSIONS: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}


class Wrapping(NamedTuple):
    """A container, and how it is compressed."""

    container: Container
    compression: Compression | None = None

    @classmethod
    def named(cls, filename: str) -> Self | None:
        """Return what the ending of a file's name says, or None when it says nothing that is known."""
        stem, packed_as = filename.lower(), None
        for ending, compression in COMPRESSIONS.items():
            if stem.endswith(ending):
                stem, packed_as = stem.removesuffix(ending), compression
        return next((cls(container, packed_as) for container in CONTAINERS if stem.endswith(f".{container}")), None)

    @property
    def suffix(self) -> str:
        """The ending of a name that says it, such as `.csv.gz`."""
        packed = next((end for end, compression in COMPRESSIONS.items() if compression == self.compression), "")
        return f".{self.container}{packed}"

    @property
    def dataset_type(self) -> Literal["json", "csv", "parquet"]:
        """What Axolotl's `ds_type` calls the container."""
        return "json" if self.container == "jsonl" else self.container
