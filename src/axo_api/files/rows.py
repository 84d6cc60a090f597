"""What one row of training data must look like. A new format is a struct here and a line in `check_row`."""

from typing import Annotated, Any, Literal

import msgspec

Format = Literal["chat_template", "preference"]


class BadRow(ValueError):
    """Why a row cannot be used, in one sentence."""


class _Message(msgspec.Struct):
    role: Annotated[str, msgspec.Meta(min_length=1)]
    content: str | list[dict[str, Any]] | None = None
    tool_calls: list[Any] | None = None

    def __post_init__(self) -> None:
        if self.content is None and not self.tool_calls:
            raise ValueError("a message needs `content` (or `tool_calls`)")


_Messages = Annotated[list[_Message], msgspec.Meta(min_length=1)]


class _Row(msgspec.Struct):
    messages: _Messages
    chosen: _Message | None = None
    rejected: _Message | None = None


_decode = msgspec.json.Decoder(_Row).decode
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def check_row(row: bytes) -> Format:
    """Return the format of one row. Raises `BadRow`."""
    if row.startswith(_BYTE_ORDER_MARK):
        raise BadRow("It begins with a byte order mark; save the file as UTF-8 without one.")
    try:
        row.decode()
        found = _decode(row)
    except UnicodeDecodeError as error:
        raise BadRow(f"Its byte {error.start} is not UTF-8.") from None
    except msgspec.ValidationError as error:
        raise BadRow(f"{error}.") from None
    except msgspec.DecodeError as error:
        raise BadRow(f"It is not JSON: {_why(error)}.") from None
    if (found.chosen is None) != (found.rejected is None):
        raise BadRow("It has only one of `chosen` and `rejected`; a preference row has both.")
    return "chat_template" if found.chosen is None else "preference"


def _why(error: msgspec.DecodeError) -> str:
    return str(error).removeprefix("JSON is malformed: ")
