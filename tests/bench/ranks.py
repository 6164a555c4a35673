#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much sooner a sweep ends on several ranks of MPI than on one, each with one thread.

    python3 tests/bench/ranks.py build/release/brownout [--ranks 2] [--rounds 3]

needs a program with -DBROWNOUT_WITH_MPI=ON and a quiet machine with as many cores. One rank and
several take turns; the best time of each counts. Their tables must be equal, byte for byte.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

SWEEP = """technology: 14nm-finfet
models:
  - fmnist-simplenet16-normal-8b
  - fmnist-simplenet16-rquant-8b
  - fmnist-simplenet16-clipping-8b
  - fmnist-simplenet16-randbet-8b
dataset: fashion-mnist
images: 1000
chips: 20
voltages: [0.95, 0.9, 0.85, 0.82]
safe_voltage: {yield: mean, stated_on: 10, max_drop_points: 2.5, tolerance: 0.02}
"""
TABLES = ("points.csv", "samples.csv", "safe_voltage.csv")


def seconds(program, ranks, folder, out):
    command = [program, "sweep", folder / "sweep.yaml", "--out", folder / out, "--threads", "1",
               "--quiet", "--no-plot"]
    if ranks > 1:
        command = ["mpirun", "--oversubscribe", "-n", str(ranks), *command]
    around = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **around})
    return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "sweep.yaml").write_text(SWEEP)
        one, several = [], []
        for i in range(options.rounds):
            one.append(seconds(options.program, 1, folder, f"one{i}"))
            several.append(seconds(options.program, options.ranks, folder, f"several{i}"))
            for table in TABLES:
                if (folder / f"one{i}" / table).read_bytes() != (folder / f"several{i}" / table).read_bytes():
                    sys.exit(f"{table} differs")
    print(f"one rank {min(one):.2f} s, {options.ranks} ranks {min(several):.2f} s: "
          f"{min(one) / min(several):.3f} times")


if __name__ == "__main__":
    main()
