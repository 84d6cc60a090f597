"""`python -m axo_api` serves the control plane; with `migrate` or `keys`, it sees to its database."""

import gc
import logging
import sys

from axo_api.settings import Settings
from axo_observability import logs


def main() -> None:
    """Do what the command line says, with no more of the service than that needs: all of it takes seconds to load."""
    settings = Settings()
    logs.configure(settings.log_format, settings.log_level)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it names every URL, and those of webhooks may hold secrets
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)  # it names each of its own at every start
    match sys.argv[1:]:
        case []:
            gc.disable()  # until the server runs: looking for garbage would be a sixth of what its start takes
            from axo_api.server import serve

            serve(settings)
        case ["migrate"]:
            from axo_api.migrations import upgrade

            upgrade(settings.database_url)
        case ["keys", *arguments]:
            from axo_api.keys import command

            sys.exit(command.run(settings.database_url, arguments))
        case _:
            sys.exit("usage: python -m axo_api [migrate | keys …]")


if __name__ == "__main__":
    main()
