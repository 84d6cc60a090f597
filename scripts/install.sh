#!/usr/bin/env bash
# Make .venv with the service's locked packages and the `axo` command. With an unchanged lock it does nothing.
#   PYTHON=python3.12 scripts/install.sh    uses another Python (3.11 or newer)
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv
stamp=$venv/.complete

hash_of() { sha256sum "$1" | cut -c1-16; }
packages=$(hash_of requirements.lock)
project=$(hash_of pyproject.toml)

say() { printf '%s\n' "$*" >&2; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3.11 python3}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    say "axo needs Python 3.11 or newer; none was found as: ${PYTHON:-python3.11, python3}."
    say "Install one (Debian 12: apt-get install python3.11 python3.11-venv), or name it: make install PYTHON=/path/to/python"
    exit 1
}

# Debian ships Python without ensurepip, which `python -m venv` needs.
ensure_venv_works() {
    if "$1" -c 'import ensurepip' 2>/dev/null; then return; fi
    local package
    package=$("$1" -c 'import sys; print("python{}.{}-venv".format(*sys.version_info[:2]))')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Installing $package, which Python needs to make virtual environments."
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package"; } >/dev/null
    else
        say "$1 cannot make virtual environments. Install its module first:  sudo apt-get install $package"
        exit 1
    fi
}

# -qq: errors are shown, warnings about this machine's package sources are not
pip() { "$venv/bin/python" -m pip "$1" -qq --no-input --disable-pip-version-check --no-deps "${@:2}"; }

install_packages() {
    local python
    python=$(find_python)
    ensure_venv_works "$python"
    say "Installing axo into $venv ($(wc -l < requirements.lock) locked packages); about half a minute."
    rm -rf "$venv"
    "$python" -m venv "$venv"
    pip install -r requirements.lock
}

is_done() { grep -qsx "$1" "$stamp" && "$venv/bin/python" -c '' 2>/dev/null; }

bring_up_to_date() {
    is_done "packages $packages" || install_packages
    pip install -e '.[api,worker,cli,dev]'
    printf '%s\n' "packages $packages" "project $project" > "$stamp"
    say "Installed in $SECONDS s. The commands are in $venv/bin."
}

is_up_to_date() { is_done "packages $packages" && is_done "project $project"; }

if ! is_up_to_date; then
    exec 9< requirements.lock
    flock 9  # two makes at once: the second waits, and then finds it done
    is_up_to_date || bring_up_to_date
fi
