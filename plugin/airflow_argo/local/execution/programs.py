"""Programs that images bring along and this machine may not have; they are found on a worker's PATH."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

# What the entrypoint of argoproj/argosay:v2 does, which many of Argo's examples use.
_ARGOSAY = """#!/bin/sh
set -eu
if [ $# -eq 0 ]; then
  echo "hello argo"
  exit 0
fi
action=$1
shift
case "$action" in
  echo)
    if [ $# -lt 2 ]; then
      echo "${1:-hello argo}"
    else
      mkdir -p -- "$(dirname -- "$2")"
      echo "$1" >"$2"
    fi
    ;;
  cat) exec cat -- "$@" ;;
  sleep) exec sleep "$1" ;;
  exit) exit "${1:-0}" ;;
  assert_contains) exec grep -q -F -e "$2" -- "$1" ;;
  sh) exec sh "$1" ;;
  *)
    echo "argosay: no such action: $action" >&2
    exit 1
    ;;
esac
"""

_COWSAY = r"""#!/bin/sh
[ $# -gt 0 ] && text="$*" || text=$(cat)
line=$(printf '%s' "--$text" | tr -c '\n' '-')
printf ' %s\n< %s >\n %s\n' "$line" "$text" "$line"
cat <<'COW'
    \   ^__^
     \  (oo)\_______
        (__)\       )
            ||----w |
            ||     ||
COW
"""


def write_programs(directory: Path) -> None:
    """Write the stand-ins, and a Python under the usual name where the server's interpreter has another one."""
    _write(directory / "images", {"argosay": _ARGOSAY, "cowsay": _COWSAY})
    # A symbolic link would lose the virtual environment, which Python looks for beside the name it was called by.
    python = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n'
    missing = [name for name in ("python", "python3") if not Path(sys.executable).with_name(name).exists()]
    _write(directory / "python", dict.fromkeys(missing, python))


def search_path(directory: Path, server_path: str) -> str:
    """Give a worker's PATH: its ``python`` is the server's interpreter; this machine's programs beat the stand-ins."""
    interpreter = str(Path(sys.executable).parent)
    return ":".join([interpreter, str(directory / "python"), server_path, str(directory / "images")])


def _write(directory: Path, programs: Mapping[str, str]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in programs.items():
        program = directory / name
        program.write_text(text)
        program.chmod(0o755)
