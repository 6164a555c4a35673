#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/own-sram/README.md as printed, with an installation of rtl/dpi.

readme_test.py SOURCE BUILD WORK CMAKE [PYTHONPATH], with icarus and verilator as far as they are there.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys


def run(command, folder, environment):
    done = subprocess.run(["sh", "-ec", command], cwd=folder, env=environment, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.exit(f"{command}\nends with {done.returncode}:\n{done.stdout}")
    return done.stdout


def main():
    source, build, work = (pathlib.Path(argument) for argument in sys.argv[1:4])
    cmake, python_path = sys.argv[4], sys.argv[5] if len(sys.argv) > 5 else ""
    shutil.rmtree(work, ignore_errors=True)
    folder = work / "own-sram"
    shutil.copytree(source / "examples" / "own-sram", folder)
    prefix = work / "first"
    subprocess.run([cmake, f"-DCMAKE_INSTALL_PREFIX={prefix}", "-P", build / "rtl/dpi/cmake_install.cmake"],
                   check=True, stdout=subprocess.DEVNULL)
    prefix = prefix.rename(work / "moved")  # an installation may be moved
    page = (folder / "README.md").read_text(encoding="utf-8")
    icarus, printed, verilator, compared = re.findall(r"^```\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    environment = dict(os.environ, PKG_CONFIG_PATH=str(next(prefix.rglob("pkgconfig"))))
    if python_path:
        environment["PYTHONPATH"] = python_path

    tried = 0
    if shutil.which("iverilog") and (build / "rtl/dpi/brownout.vpi").exists():
        output = run(icarus, folder, environment)
        assert output == printed, f"expected\n{printed}\ngot\n{output}"
        tried += 1
    if shutil.which("verilator"):
        names = "\n".join(icarus.splitlines()[:1]) + "\n"  # $models
        output = run(names + verilator, folder, environment)
        assert printed in output, f"expected\n{printed}\nin\n{output}"
        tried += 1
    assert tried, "no simulator"
    if python_path:
        output = run(f"{sys.executable} compare.py", folder, environment)
        assert output == compared, f"expected\n{compared}\ngot\n{output}"
    print(f"{tried} simulators, Python {'too' if python_path else 'not there'}")


if __name__ == "__main__":
    main()
