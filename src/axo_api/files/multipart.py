"""A multipart body, piece by piece, without ever holding a file."""

from collections.abc import Mapping
from typing import Protocol

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from axo_api.errors import BadRequest


class PartHandler(Protocol):
    """What is done with the parts of a body, as they come."""

    def begin(self, name: str, filename: str | None) -> None:
        """A part begins; `filename` is None for a plain field."""

    def data(self, data: bytes) -> None:
        """The part goes on."""

    def end(self) -> None:
        """The part is over."""


class MultipartReader:
    """Feeds a body to a handler. Every malformed body raises `BadRequest`."""

    def __init__(self, content_type: str | None, handler: PartHandler) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise BadRequest("The body must be multipart/form-data with a boundary, holding `purpose` and `file`.")
        self._handler = handler
        self._is_complete = False
        self._headers: dict[bytes, bytes] = {}
        self._name = b""
        self._value = b""
        self._parser = self._new_parser(boundary)

    def write(self, data: bytes) -> None:
        """Take the body's next bytes. Raises what the handler raises, too."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise BadRequest(f"The body is not well-formed multipart/form-data: {error}.") from None

    def finish(self) -> None:
        """Say that the body is over."""
        if not self._is_complete:
            raise BadRequest("The body ends before its last boundary; the upload was cut off.")

    def _new_parser(self, boundary: bytes) -> MultipartParser:
        try:
            return MultipartParser(
                boundary,
                {
                    "on_part_begin": self._headers.clear,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": lambda data, start, end: self._handler.data(data[start:end]),
                    "on_part_end": lambda: self._handler.end(),
                    "on_end": self._on_end,
                },
            )
        except FormParserError as error:
            raise BadRequest(f"{error}.") from None

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _on_headers_finished(self) -> None:
        # Browsers and SDKs put UTF-8 there; the parser wants latin-1, which keeps every byte.
        disposition = self._headers.get(b"content-disposition", b"").decode("latin-1")
        _, options = parse_options_header(disposition)
        self._handler.begin(_text(options, b"name") or "", _text(options, b"filename"))

    def _on_end(self) -> None:
        self._is_complete = True


def _text(options: Mapping[bytes, bytes], name: bytes) -> str | None:
    try:
        return options[name].decode() if name in options else None
    except UnicodeDecodeError:
        raise BadRequest(f"The {name.decode()} in a part's Content-Disposition is not UTF-8.") from None
