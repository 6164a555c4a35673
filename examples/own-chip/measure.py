#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stands for a tester: writes at-0.90.csv, at-0.85.csv and at-0.80.csv, the cells of one SRAM that
were stuck at each supply voltage (in units of Vmin), one line "row,column,value" each.

The memory has 4096 rows of 64 cells. The numbers are made up: every cell has a critical voltage,
N(0.678, 0.06²) plus a shift of its column, N(0, 0.025²), below which it is stuck at a value of its
own. Replace the three files by a measurement of yours.
"""
import random
import statistics

ROWS, COLUMNS = 4096, 64
VOLTAGES = ("0.90", "0.85", "0.80")


def main():
    draw = random.Random(7)
    normal = statistics.NormalDist().inv_cdf
    shifts = [0.025 * normal(draw.random()) for _ in range(COLUMNS)]
    files = {voltage: open(f"at-{voltage}.csv", "w", encoding="ascii") for voltage in VOLTAGES}
    for file in files.values():
        file.write("row,column,value\n")
    for row in range(ROWS):
        for column in range(COLUMNS):
            critical = 0.678 + 0.06 * normal(draw.random()) + shifts[column]
            value = int(draw.random() < 0.6)
            for voltage, file in files.items():
                if float(voltage) < critical:
                    file.write(f"{row},{column},{value}\n")
    for file in files.values():
        file.close()


if __name__ == "__main__":
    main()
