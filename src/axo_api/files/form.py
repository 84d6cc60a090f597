"""The fields of an upload's multipart body: `file`, `purpose` and `expires_after[…]`, in any order."""

from collections.abc import Callable
from typing import NamedTuple

from axo_api.errors import Invalid
from axo_api.files.expiry import checked_lifetime
from axo_api.files.intake import Intake
from axo_api.files.names import DataName, checked_name, checked_purpose

MAX_FIELD_BYTES = 1024
ANCHOR, SECONDS = "expires_after[anchor]", "expires_after[seconds]"
FIELDS = ("file", "purpose", ANCHOR, SECONDS)


class Filled(NamedTuple):
    """A form that is complete."""

    name: DataName
    purpose: str
    intake: Intake
    lifetime_seconds: int | None


class UploadForm:
    """Takes the parts as they come; the file goes to an intake that `create` makes for its name."""

    def __init__(self, create: Callable[[DataName], Intake]) -> None:
        self._create = create
        self._intake: Intake | None = None
        self._name: DataName | None = None
        self._fields: dict[str, bytes] = {}
        self._current = ""

    @property
    def intake(self) -> Intake | None:
        """The file, once it has begun to come."""
        return self._intake

    def begin(self, name: str, filename: str | None) -> None:
        """A part begins."""
        if name not in FIELDS:
            raise Invalid(
                f"{name[:64]!r}: there is no such field; the fields are {', '.join(FIELDS)}.", param=name[:64]
            )
        if name in self._fields:
            raise Invalid(f"{name}: it is given twice; upload one file at a time.", param=name)
        self._current = name
        self._fields[name] = b""
        if name == "file":
            self._name = checked_name(filename)
            self._intake = self._create(self._name)

    def data(self, data: bytes) -> None:
        """The part goes on."""
        if self._current == "file":
            assert self._intake is not None
            self._intake.write(data)
            return
        self._fields[self._current] += data
        if len(self._fields[self._current]) > MAX_FIELD_BYTES:
            raise Invalid(f"{self._current}: it is longer than {MAX_FIELD_BYTES} bytes.", param=self._current)

    def end(self) -> None:
        """The part is over."""
        if self._current == "purpose":
            checked_purpose(self._fields["purpose"].decode(errors="replace"))

    def finish(self) -> Filled:
        """Return what the form says. Raises `Invalid` when a field is missing."""
        for name in ("purpose", "file"):
            if name not in self._fields:
                raise Invalid(f"{name}: this field is required.", param=name)
        assert self._name is not None
        assert self._intake is not None
        return Filled(self._name, self._fields["purpose"].decode(), self._intake, self._lifetime_seconds())

    def _lifetime_seconds(self) -> int | None:
        anchor, seconds = (self._fields.get(name, b"").decode(errors="replace") for name in (ANCHOR, SECONDS))
        return checked_lifetime(anchor, seconds) if anchor or seconds else None
