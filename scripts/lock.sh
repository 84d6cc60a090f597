#!/usr/bin/env bash
# Write both lock files anew, each from what a fresh environment resolves to now.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3.11}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

freeze() { "$1" -m pip --disable-pip-version-check freeze --exclude axo | sed -E 's/^(torch==[^+]+)\+.*/\1/'; }

echo "Resolving the service's packages …" >&2
"$python" -m venv "$work/service"
"$work/service/bin/python" - > "$work/service.in" <<'PYTHON'
import tomllib
project = tomllib.load(open("pyproject.toml", "rb"))["project"]
print(*project["dependencies"], *sum(project["optional-dependencies"].values(), []), sep="\n")
PYTHON
"$work/service/bin/python" -m pip install -qq --no-input --disable-pip-version-check -r "$work/service.in"
freeze "$work/service/bin/python" > "$work/service.lock"

echo "Resolving the trainer's packages …" >&2
trainer=$("$python" trainer/install.py --requirements trainer/requirements.in --into "$work/trainer" | tail -n 1)
freeze "$trainer" > "$work/trainer.lock"

mv "$work/service.lock" requirements.lock
mv "$work/trainer.lock" trainer/requirements.lock
echo "Wrote requirements.lock and trainer/requirements.lock." >&2
