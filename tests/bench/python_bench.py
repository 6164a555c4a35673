#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What it costs to call Brownout from Python, beside C++ and beside the command.

    PYTHONPATH=build/release/python python3 tests/bench/python_bench.py build/release [CHIPS] [IMAGES]

needs -DBROWNOUT_WITH_PYTHON=ON and -DBROWNOUT_WITH_BENCHMARKS=ON. The two sides take turns, and the
best of each counts; the ratios are those that the project promises (1.2 and 1.02).
"""

import json
import pathlib
import resource
import subprocess
import sys
import time

import numpy as np

import brownout

CODES, RATE = 5_500_000, 0.01
MODEL = "models/fmnist-simplenet16-randbet-8b.onnx"


def best_of_chips(work):
    """Processor time of this thread, the best of as many chips as corrupt_bench takes."""
    times = []
    for seed in range(40):
        chip = brownout.Chip(f"random:{seed}")
        start = time.thread_time()
        work(chip)
        times.append(time.thread_time() - start)
    return min(times)


def corrupt(build):
    codes = np.ones(CODES, np.uint8)
    theirs, in_place, copied = [], [], []
    for _ in range(5):
        lines = subprocess.run([build / "tests/bench/corrupt_bench", str(RATE), str(CODES)],
                               capture_output=True, text=True, check=True).stdout
        theirs.append(json.loads(lines.splitlines()[0])["corrupt_ms"] / 1e3)
        in_place.append(best_of_chips(lambda chip: chip.corrupt(codes, rate=RATE, out=codes)))
        copied.append(best_of_chips(lambda chip: chip.corrupt(codes, rate=RATE)))
    cpp = min(theirs)
    print(f"{CODES} codes at {100 * RATE:g} %: C++ {1e3 * cpp:.2f} ms, Python in place "
          f"{1e3 * min(in_place):.2f} ms ({min(in_place) / cpp:.3f}), Python into a new array "
          f"{1e3 * min(copied):.2f} ms ({min(copied) / cpp:.3f})")


def whole_process(words):
    """What it prints, and its wall and processor time."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return printed, (time.perf_counter() - start, spent)


def evaluate(build, chips, images):
    script = ("import sys, brownout\n"
              f"r = brownout.Experiment({MODEL!r}, images={images}).run(rate={RATE}, chips={chips})\n"
              "print(r.rerr)")
    command = [build / "brownout", "eval", MODEL, "--images", str(images), "--rate", str(RATE),
               "--chips", str(chips), "--quiet", "--json", "-"]
    ours, theirs = [], []
    for _ in range(3):
        printed, times = whole_process(command)
        theirs.append(times)
        rerr, times = whole_process([sys.executable, "-c", script])
        ours.append(times)
        if float(rerr) != json.loads(printed)["rerr_mean"]:
            sys.exit(f"different errors: {rerr} and {json.loads(printed)['rerr_mean']}")
    for what, i in (("wall", 0), ("processor", 1)):
        a, b = (min(times[i] for times in side) for side in (theirs, ours))
        print(f"{chips} chips, {images} images, {what} time of whole processes: command {a:.2f} s, "
              f"Python {b:.2f} s ({b / a:.4f})")


def main():
    build = pathlib.Path(sys.argv[1])
    corrupt(build)
    evaluate(build, int(sys.argv[2]) if len(sys.argv) > 2 else 50,
             int(sys.argv[3]) if len(sys.argv) > 3 else 10000)


if __name__ == "__main__":
    main()
