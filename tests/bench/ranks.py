#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much sooner a sweep ends on several ranks of MPI than on one, each with one thread.

    python3 tests/bench/ranks.py build/release/brownout [--ranks 2] [--chips 40] [--rounds 2]

needs a program with -DBROWNOUT_WITH_MPI=ON and a quiet machine with as many cores. One rank, several
ranks, and as many separate sweeps side by side take turns; the best time of each counts. Cores share
caches, memory and a clock: the separate sweeps, which do not talk to each other, show how much work
the machine gives at all. The tables must be equal, byte for byte.
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
chips: {chips}
voltages: [0.9, 0.85, 0.82]
safe_voltage: {{yield: mean, stated_on: 10, max_drop_points: 2.5, tolerance: 0.02}}
"""
TABLES = ("points.csv", "samples.csv", "safe_voltage.csv")


def seconds(program, folder, outs, ranks=()):
    """Until a sweep into each folder of `outs` has ended, all of them at once."""
    command = [*ranks, program, "sweep", folder / "sweep.yaml", "--threads", "1", "--quiet", "--no-plot"]
    around = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    start = time.monotonic()
    sweeps = [subprocess.Popen([*command, "--out", folder / out], stdout=subprocess.DEVNULL,
                               env={**os.environ, **around}) for out in outs]
    if any([sweep.wait() for sweep in sweeps]):
        sys.exit("a sweep failed")
    return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--chips", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    mpirun = ["mpirun", "--oversubscribe", "-n", str(options.ranks)]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "sweep.yaml").write_text(SWEEP.format(chips=options.chips))
        one, several, separate = [], [], []
        for i in range(options.rounds):
            apart = [f"separate{i}-{k}" for k in range(options.ranks)]
            one.append(seconds(options.program, folder, [f"one{i}"]))
            several.append(seconds(options.program, folder, [f"several{i}"], mpirun))
            separate.append(seconds(options.program, folder, apart))
            for out in (f"several{i}", *apart):
                for table in TABLES:
                    if (folder / f"one{i}" / table).read_bytes() != (folder / out / table).read_bytes():
                        sys.exit(f"{out}/{table} differs")
            print(f"  one rank {one[-1]:.2f} s, {options.ranks} ranks {several[-1]:.2f} s, "
                  f"{options.ranks} separate sweeps {separate[-1]:.2f} s", flush=True)
    most = options.ranks * min(one) / min(separate)
    print(f"{options.ranks} ranks are {min(one) / min(several):.3f} times as fast as one; separate "
          f"sweeps show that the machine gives {most:.3f} times the work of one core")


if __name__ == "__main__":
    main()
