"""What the command line tells a person instead of a traceback."""


class CliError(Exception):
    """A command cannot do what was asked. Its text is one sentence, printed on stderr; then the command ends."""

    exit_code = 1


class UsageError(CliError):
    """What was typed, or the spec that was given, is wrong."""

    exit_code = 2


class Unreachable(CliError):
    """No service answers."""


class Refused(CliError):
    """The service answered with an error."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status
        if status in (400, 404, 413, 422):
            self.exit_code = 2
