# shellcheck shell=bash
# Sets up .venv beside the scripts that source this file; they run in the project's folder. For bash 3.2 (macOS) or newer.

PYTHONS="3.14 3.13 3.12 3.11" # what the requirements files are for

# Ends the script with a sentence.
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Whether a Python runs and is one of PYTHONS.
is_supported() {
  "$1" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] not in sys.argv[1].split())' "$PYTHONS" >/dev/null 2>&1
}

# Prints the name of a supported Python: python3 where it is one, else the newest there is.
find_python() {
  local version
  for version in 3 $PYTHONS; do
    if is_supported "python$version"; then
      printf 'python%s\n' "$version"
      return
    fi
  done
  version=$(python3 -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null) || version=missing
  fail "Narrowing Lab needs Python ${PYTHONS##* } to ${PYTHONS%% *}, and python3 is $version: please install one of them."
}

# Runs a command as root.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Installs packages of Debian or Ubuntu.
apt_install() {
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || fail "As root, please run: apt-get install $*"
  as_root apt-get update -qq || true # a source that fails may be one that is not needed
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes -qq --no-install-recommends "$@" >/dev/null
}

# Makes .venv, unless there is one that works. Debian and Ubuntu keep a part of Python that it needs in a package.
make_environment() {
  local python package
  if is_supported .venv/bin/python && .venv/bin/python -c 'import pip' 2>/dev/null; then
    return
  fi
  python=$(find_python)
  if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    command -v apt-get >/dev/null || fail "$python cannot make virtual environments: please install its module ensurepip."
    echo "Installing $package, which $python needs to make a virtual environment"
    apt_install "$package"
  fi
  echo "Making .venv with $("$python" --version)"
  "$python" -m venv --clear .venv
}

# Installs the first requirements file into .venv. The others are parts of it. A file that has been installed lies in .venv
# as a copy, so nothing is done until it changes.
install_requirements() {
  make_environment
  if ! cmp -s "$1" ".venv/$1"; then
    rm -f .venv/requirements*.txt
    echo "Installing the packages of $1 into .venv, which takes a minute"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$1"
    cp "$@" .venv/
  fi
}
