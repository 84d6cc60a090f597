"""A mail server on loopback that takes whatever it is given."""

from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from socketserver import StreamRequestHandler

from tests.loopback_server import LoopbackServer


@dataclass(frozen=True, slots=True)
class Mail:
    """What came, and to whom it was addressed on its envelope."""

    recipients: tuple[str, ...]
    message: EmailMessage


class MailServer(LoopbackServer):
    """Keeps what comes in `mails`."""

    def __init__(self) -> None:
        super().__init__(_Session)
        self.url = f"mailto://127.0.0.1:{self.port}?mode=insecure"
        self.mails: list[Mail] = []


class _Session(StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        recipients: list[str] = []
        self._say("220 ready")
        for line in self.rfile:
            command = line.decode().strip()
            if command.upper().startswith("RCPT TO:"):
                recipients.append(command.partition("<")[2].partition(">")[0])
            if command.upper() == "DATA":
                self._say("354 go on")
                message = message_from_bytes(self._data(), policy=default)
                self.server.mails.append(Mail(tuple(recipients), message))
            self._say("221 bye" if command.upper() == "QUIT" else "250 taken")

    def _say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())

    def _data(self) -> bytes:
        """Return the lines up to a single dot, without the dots that the sender doubled."""
        return b"".join(line.removeprefix(b".") for line in iter(self.rfile.readline, b".\r\n"))
