"""Stands between the launcher and podman or docker: runs one container, and fetches what it leaves. Run as a module.

Its own end is the container's: same exit code, same output. SIGTERM reaches the program's own process too, which
passes it on to the container; this one only waits.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run what the first argument says, as JSON.

    It holds ``run`` and the variables of its ``environment``, ``copy``, a list of destination and argv, and ``remove``.
    """
    wanted = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    # A handler, not SIG_IGN, which the program would inherit.
    signal.signal(signal.SIGTERM, lambda *_: None)
    code = subprocess.call(wanted["run"], env={**os.environ, **wanted["environment"]})
    for destination, argv in wanted["copy"]:
        os.makedirs(os.path.dirname(destination), exist_ok=True)  # noqa: PTH103, PTH120 - quicker to start without
        subprocess.call(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.call(wanted["remove"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(main())
