"""`axo up HOME PORT API WORKER` with stand-in programs as the API and the worker."""

import asyncio
import sys
from pathlib import Path

from axo_cli.embedded.home import Home
from axo_cli.embedded.services import Programs
from axo_cli.embedded.supervisor import Supervisor
from axo_cli.errors import CliError

home, port, api, worker = sys.argv[1:]
supervisor = Supervisor(
    Home(Path(home)),
    port=int(port),
    trainer_python=Path(sys.executable),
    programs=Programs(api=[sys.executable, api], worker=[sys.executable, worker]),
    say=lambda line: print(line, flush=True),
)
try:
    asyncio.run(supervisor.run())
except CliError as error:
    sys.exit(str(error))
