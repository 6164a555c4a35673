#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which cells of a memory read wrong, on four chips and at three voltages, and what they do to codes.

    python3 examples/python/fault_maps.py [PICTURE.svg]
"""

import pathlib
import sys

import matplotlib
import numpy as np

import brownout

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHIPS = {
    "random:7": brownout.Chip("random:7"),
    "physical:7": brownout.Chip("physical:7"),
    "chip 1": brownout.Chip(ROOT / "profiles" / "chip1-synthetic.h5"),
    "chip 2 (striped)": brownout.Chip(ROOT / "profiles" / "chip2-synthetic.h5"),
}
VOLTAGES = (0.90, 0.85, 0.82)
WORDS = 256


def fault_map(chip, voltage):
    """The probability that a cell reads wrong, by word and column."""
    cells = np.zeros((WORDS, 64), np.float32)
    faults = chip.faults(voltage=voltage, words=WORDS)
    cells[faults["word"], faults["column"]] = np.maximum(faults["p01"], faults["p10"])
    return cells


def main():
    picture = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).with_suffix(".svg")
    codes = np.random.default_rng(0).integers(0, 256, WORDS * 8, dtype=np.uint8)
    figure, axes = plt.subplots(len(VOLTAGES), len(CHIPS), figsize=(7.5, 6.5), sharex=True,
                                sharey=True, layout="constrained")
    print("chip                voltage  faulty cells  wrong codes of 2048")
    for column, (name, chip) in enumerate(CHIPS.items()):
        for row, voltage in enumerate(VOLTAGES):
            cells = fault_map(chip, voltage)
            read = chip.corrupt(codes, voltage=voltage)
            print(f"{name:18}  {voltage:7.2f}  {np.count_nonzero(cells):12}  "
                  f"{np.count_nonzero(read != codes):12}")
            axis = axes[row][column]
            axis.imshow(cells, aspect="auto", cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
            if row == 0:
                axis.set_title(name, fontsize=10)
            if column == 0:
                axis.set_ylabel(f"{voltage:.2f} Vmin\nword", fontsize=9)
            if row == len(VOLTAGES) - 1:
                axis.set_xlabel("column", fontsize=9)
    figure.suptitle("Cells that may read wrong", fontsize=11)
    plt.rcParams["svg.hashsalt"] = "brownout"  # the same file every time
    figure.savefig(picture, metadata={"Date": None})


if __name__ == "__main__":
    main()
