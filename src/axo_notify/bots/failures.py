"""Why a bot does not run, each in one sentence for whoever runs it."""


class BotFailure(Exception):
    """A bot does not run. `is_final` says whether to start it again is useless before its settings are mended."""

    is_final = False


class BotRefused(BotFailure):
    """The chat does not let it in."""

    is_final = True


class ChatUnreachable(BotFailure):
    """The chat cannot be reached at the moment."""
