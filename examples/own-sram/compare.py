#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The words that the test bench has read are those that the Python module reads: compare.py"""
import sys

import brownout
import numpy as np


def compare(file, bits, offset):
    hexadecimal = {column: lambda text: int(text, 16) for column in (2, 3)}
    table = np.loadtxt(file, np.uint64, converters=hexadecimal)
    permille, address, stored, read = table.T.copy()
    chip = brownout.Chip("random:7")
    differ = wrong = 0
    for step in np.flatnonzero(address == 0):  # each voltage
        rows = slice(step, step + int(address.max()) + 1)
        voltage = int(permille[step]) / 1000
        words = chip.corrupt(stored[rows], bits=bits, voltage=voltage, offset=offset)
        differ += np.count_nonzero(words != read[rows])
        wrong += np.count_nonzero(words != stored[rows])
    print(f"{file}: {len(read)} reads, {wrong} words wrong, {differ} differences")
    return differ == 0 and wrong > 0


if __name__ == "__main__":
    regfile = compare("regfile.txt", bits=32, offset=0)
    ecc = compare("ecc.txt", bits=39, offset=8192)
    sys.exit(0 if regfile and ecc else 1)
