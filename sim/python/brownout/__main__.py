# SPDX-License-Identifier: Apache-2.0
"""``python3 -m brownout`` is the command ``brownout``."""

from __future__ import annotations

import os
import pathlib
import shutil
import sys
from typing import Optional


def command() -> Optional[str]:
    """The program that came with this package, else the one on the path."""
    folders = pathlib.Path(__file__).resolve().parents  # the package, what holds it, …
    places = [(0, "bin/brownout")]  # a wheel
    places += [(2, "brownout")]  # a build folder: build/release/python/brownout
    places += [(4, "bin/brownout")]  # PREFIX/lib/python3/dist-packages/brownout
    for up, name in places:
        if up < len(folders) and os.access(folders[up] / name, os.X_OK):
            if (folders[up] / name).is_file():
                return str(folders[up] / name)
    found = shutil.which("brownout")
    # A script of this package would only call itself again.
    script = os.path.realpath(sys.argv[0])
    return None if found is None or os.path.realpath(found) == script else found


def main() -> int:
    """Becomes the command, with the arguments of this program."""
    program = command()
    if program is None:
        print("brownout: error: the command is not installed", file=sys.stderr)
        return 1
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(program, ["brownout", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
