#!/bin/sh
# Makes the virtual environment that every script and test runs in: bootstrap.sh FOLDER
set -eu
venv=$1
python=${PYTHON:-python3}

fail() {
  echo "error: $1" >&2
  exit 2
}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
  || fail "Python 3.11 or newer is needed. Install python3, or name one: make PYTHON=/path/to/python3"
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
  [ "$(id -u)" -eq 0 ] || fail "Python's venv module is missing. Run this as root, or install python3-venv."
  echo "==> Installing python3-venv" >&2
  apt-get -qq update && apt-get -qq install -y --no-install-recommends python3-venv ca-certificates >/dev/null
fi

echo "==> Installing the Python packages into $venv" >&2
rm -f "$venv/ready"
[ -x "$venv/bin/python" ] || "$python" -m venv --clear "$venv"
pip=$("$python" -c 'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["tool"]["mcapp"]["pip"])')
"$venv/bin/python" -m pip install --quiet "pip==$pip"
"$venv/bin/python" -m pip install --quiet --group dev --editable .
touch "$venv/ready"
