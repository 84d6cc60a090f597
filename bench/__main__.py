"""`python -m bench [name …]` runs the benchmarks, prints one table and writes `bench/results/*.json`."""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import cancel, data, fanout, follow, gate, metrics, serving, start, submit, validate
from bench.figures import Figure
from bench.report import show, write_results

BENCHMARKS: dict[str, Callable[[Path], list[Figure]]] = {
    "submit": submit.on_sqlite,
    "submit-postgres": submit.on_postgres,
    "gate": gate.run,
    "start": start.run,
    "follow": follow.run,
    "fanout": fanout.run,
    "cancel": cancel.run,
    "data": data.run,
    "validate": validate.run,
    "metrics": metrics.run,
    "serving": serving.run,
}


def main() -> None:
    """Run what the command line names, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    names = parser.parse_args().names or list(BENCHMARKS)
    if unknown := set(names) - BENCHMARKS.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    found: list[Figure] = []
    for name in names:
        print(f"bench: {name} …", flush=True)
        with tempfile.TemporaryDirectory(prefix="axo-bench-") as folder:
            figures = BENCHMARKS[name](Path(folder))
        write_results(name, figures)
        found += figures
    show(found)


if __name__ == "__main__":
    main()
