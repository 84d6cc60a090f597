#!/usr/bin/env bash
# Run the fault suite, each time with another seed, until it was run often enough or a run has failed.
#   scripts/faults.sh 10                        ten runs; all outcomes go into docs/reliability.md
#   AXO_FAULTS_SEED=1f2e3d4c scripts/faults.sh  the run with that seed again
#   AXO_FAULTS_OUTCOMES=DIR scripts/faults.sh   goes on from the outcomes of earlier runs in that folder, and keeps them
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${1:-1}
given=${AXO_FAULTS_SEED:-}
if [ -z "${AXO_FAULTS_OUTCOMES:-}" ]; then
    AXO_FAULTS_OUTCOMES=$(mktemp -d)
    trap 'rm -rf "$AXO_FAULTS_OUTCOMES"' EXIT
fi
export AXO_FAULTS_OUTCOMES

for run in $(seq "$runs"); do
    export AXO_FAULTS_SEED=${given:-$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')}
    echo "faults: run $run of $runs, with AXO_FAULTS_SEED=$AXO_FAULTS_SEED"
    .venv/bin/pytest tests/faults -m "not alone and not faults_short" -n 3 --dist worksteal
    .venv/bin/pytest tests/faults -m "alone"
    .venv/bin/python -m tests.faults.reliability "$AXO_FAULTS_OUTCOMES" docs/reliability.md
done
echo "faults: wrote docs/reliability.md"
