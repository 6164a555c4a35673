#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""replay.py OPERATIONS OUT: the accesses of replay.sv by the Python module.

Memories whose cells draw once are read by Chip.corrupt, the one with fresh draws by FaultyMemory.
"""
import collections
import sys

import numpy as np

import brownout

Shape = collections.namedtuple("Shape", "depth width byte_bits two_ports chip offset memory seed fresh")
SHAPES = (
    Shape(1024, 32, 8, False, "random:7", 0, "weights", 0, False),
    Shape(1000, 39, 39, False, "physical:3", 4096, "weights", 0, False),
    Shape(512, 128, 32, True, "profiles/chip2-synthetic.h5", 1000003, "weights", 0, False),
    Shape(777, 64, 8, True, "random:11,p_err=0.5", 77, "activations", 5, False),
    Shape(64, 16, 1, False, "physical:9", 0, "weights", 2, True),
)
VOLTAGES = (1.0, 0.95, 0.9, 0.875, 0.85, 0.833333, 0.815, 0.8)
LOW_64 = 2**64 - 1


class Random:
    state = 1

    def draw(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & LOW_64
        return self.state

    def word(self):
        high = self.draw()
        return high << 64 | self.draw()


class Memory:
    """Content and reads of one memory. Reads wait until the voltage changes."""

    def __init__(self, shape):
        self.shape = shape
        self.chip = brownout.Chip(shape.chip)
        self.voltage = 1.0
        self.parts = 2 if shape.width > 64 else 1
        self.bits = shape.width // self.parts
        self.words = [0] * shape.depth
        self.waiting = []  # (number of the read in the output, address, stored word)
        self.counts = np.zeros(4, np.int64)
        mask = (1 << shape.byte_bits) - 1
        lanes = shape.width // shape.byte_bits
        self.masks = [
            sum(mask << lane * shape.byte_bits for lane in range(lanes) if enables >> lane % 8 & 1)
            for enables in range(256)
        ]
        settings = dict(offset=shape.offset, memory=shape.memory, evaluation_seed=shape.seed)
        self.settings = settings
        if shape.fresh:
            self.cells = brownout.FaultyMemory(
                self.chip, shape.depth, shape.width, voltage=1.0, reads="fresh", **settings)

    def write(self, address, enables, data):
        mask = self.masks[enables]
        self.words[address] = self.words[address] & ~mask | data & mask

    def set_voltage(self, voltage, out):
        self.flush(out)
        self.voltage = voltage
        if self.shape.fresh:
            self.cells.set_voltage(voltage)

    def images(self):
        """What a memory full of zeros and one full of ones return, and its faulty cells by code."""
        codes, bits, offset = self.parts * self.shape.depth, self.bits, self.shape.offset
        zeros = np.zeros(codes, np.uint64)
        ones = np.full(codes, LOW_64 >> 64 - bits, np.uint64)
        read = [self.chip.corrupt(image, bits=bits, voltage=self.voltage, **self.settings)
                for image in (zeros, ones)]
        end = offset + codes * bits
        cells = self.chip.faults(words=(end + 63) // 64, voltage=self.voltage, memory=self.shape.memory)
        number = cells["word"].astype(np.int64) * 64 + cells["column"]
        number = number[(number >= offset) & (number < end)]
        return read[0], read[1] ^ ones, np.bincount((number - offset) // bits, minlength=codes)

    def flush(self, out):
        if not self.waiting:
            return
        numbers, addresses, stored = zip(*self.waiting)
        self.waiting = []
        addresses = np.array(addresses, np.int64)
        if self.shape.fresh:
            words = np.array(stored, np.uint64)
            read = [self.cells.read(addresses, words)]
        else:
            if_0, if_1, hit = self.images()
            read, bits_wrong = [], np.zeros(len(addresses), np.int64)
            for part in range(self.parts):
                word = np.array([w >> 64 * part & LOW_64 for w in stored], np.uint64)
                code = self.parts * addresses + part
                wrong = (~word & if_0[code]) | (word & if_1[code])
                read.append(word ^ wrong)
                bits_wrong += np.unpackbits(wrong.view(np.uint8)).reshape(len(wrong), 64).sum(axis=1, dtype=np.int64)
                self.counts[3] += hit[code].sum()
            self.counts[:3] += (len(addresses), np.count_nonzero(bits_wrong), bits_wrong.sum())
        digits = (self.shape.width + 3) // 4
        for i, number in enumerate(numbers):
            word = sum(int(part[i]) << 64 * k for k, part in enumerate(read))
            out[number] = f"{word:0{digits}x}"

    def final_counts(self):
        if self.shape.fresh:
            counts = self.cells.counts
            return counts.reads, counts.codes_wrong, counts.bits_wrong, counts.cells_hit
        return tuple(int(count) for count in self.counts)


def main():
    operations, name = int(sys.argv[1]), sys.argv[2]
    random = Random()
    memories = [Memory(shape) for shape in SHAPES]
    for memory in memories:  # each word is written as a whole before it is read
        for address in range(memory.shape.depth):
            memory.write(address, 0xFF, random.word())
    out = []
    for _ in range(operations):
        a, b = random.draw(), random.draw()
        choice = a >> 54
        memory = memories[(a >> 38 & 0xFFFF) * 5 >> 16]
        depth = memory.shape.depth
        if choice == 0:
            memory.set_voltage(VOLTAGES[a >> 35 & 7], out)
            continue
        write = choice < 410 or (choice >= 717 and memory.shape.two_ports)
        write_address = (a >> 22 & 0xFFFF) * depth >> 16
        same = choice >= 717 and b >> 45 & 7 == 0
        read_address = write_address if same else (b >> 48) * depth >> 16
        if choice >= 410:
            memory.waiting.append((len(out), read_address, memory.words[read_address]))
            out.append(None)
        if write:
            memory.write(write_address, b >> 37 & 0xFF, random.word())
    for memory in memories:
        memory.flush(out)
    with open(name, "w", encoding="ascii") as file:
        file.writelines(line + "\n" for line in out)
        for number, memory in enumerate(memories):
            print(f"memory {number}:", *memory.final_counts(), file=file)


if __name__ == "__main__":
    main()
