# SPDX-License-Identifier: Apache-2.0
"""Which shared libraries programs load.

needed_libraries_test.py LIBRARY WITH WITHOUT fails unless the program WITH names LIBRARY (as
"libsystemc") among those that it loads, and WITHOUT loads none of that name, not even through
others. The first half keeps the second one from passing because of a misspelt name.
"""
import re
import subprocess
import sys


def loaded(program):
    text = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    return re.findall(r"^\s*(lib[A-Za-z_]+)", text, re.MULTILINE)


def main():
    library, with_it, without_it = sys.argv[1:]
    if library not in loaded(with_it):
        sys.exit(f"{with_it}: expected to load {library}, it does not")
    if library in loaded(without_it):
        sys.exit(f"{without_it}: expected not to load {library}, it does")


if __name__ == "__main__":
    main()
