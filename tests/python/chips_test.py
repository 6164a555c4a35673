#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Chips, codes and memories in Python are those of the definition (docs/chips.md)."""

import copy
import csv
import pickle
import threading
import unittest

import numpy as np

import brownout
from support import SOURCE, command_json

CHIP2 = str(SOURCE / "profiles" / "chip2-synthetic.h5")


def read_by_hand(codes, bits, chip, offset=0, **point):
    """What a memory returns, by the definition: every faulty cell one by one, persistent ones."""
    size = codes.size * bits
    faults = chip.faults(words=(offset + size + 63) // 64, **point)
    values = [int(code) & ((1 << bits) - 1) for code in codes.ravel()]
    for fault in faults:
        cell = int(fault["word"]) * 64 + int(fault["column"]) - offset
        if not 0 <= cell < size:
            continue
        index, bit = divmod(cell, bits)
        stored = values[index] >> bit & 1
        p = fault["p10"] if stored else fault["p01"]
        assert p in (0, 1)
        values[index] ^= int(p) << bit
    if codes.dtype.kind == "i":
        values = [v - (1 << bits) if v >> (bits - 1) else v for v in values]
    return np.array(values, dtype=object).astype(codes.dtype).reshape(codes.shape)


class Chips(unittest.TestCase):
    def test_random_chips_have_the_pinned_cells(self):
        with open(SOURCE / "tests" / "chips" / "random_chip_v1.csv", encoding="utf-8") as file:
            rows = list(csv.reader(file))[1:]
        self.assertGreater(len(rows), 10)
        for seed, rate, count, *cells in rows:
            faults = brownout.Chip(f"random:{seed}").faults(rate=float(rate), words=100_000)
            self.assertEqual(len(faults), int(count))
            first = [int(n) for fault in faults[:4] for n in (fault["word"], fault["column"])]
            self.assertEqual(first, [int(cell) for cell in cells])

    def test_faults_are_sorted_and_nested(self):
        chip = brownout.Chip("random:3")
        low, high = (chip.faults(voltage=v, words=5000) for v in (0.82, 0.86))
        cells = [f["word"].astype(np.int64) * 64 + f["column"] for f in (low, high)]
        for each in cells:
            self.assertTrue((np.diff(each) > 0).all())
        self.assertTrue(set(cells[1]) < set(cells[0]))
        self.assertEqual(low.dtype, brownout.FAULT_DTYPE)
        self.assertTrue(((low["p01"] == 1) & (low["p10"] == 1)).all())

    def test_a_profile_takes_an_offset(self):
        spelled = brownout.Chip(CHIP2 + ",offset=1000")
        given = brownout.Chip(CHIP2, offset=1000)
        self.assertEqual(spelled, given)
        self.assertNotEqual(brownout.Chip(CHIP2), given)
        self.assertTrue(given.by_voltage)
        voltage = given.voltages[1]
        np.testing.assert_array_equal(
            spelled.faults(voltage=voltage, words=300), given.faults(voltage=voltage, words=300)
        )
        self.assertIn("synthetic", given.note)
        # Cell i of the memory is cell i + offset of the map.
        plain = brownout.Chip(CHIP2).faults(voltage=voltage, words=400)
        at = plain["word"].astype(np.int64) * 64 + plain["column"] - 1000
        moved = given.faults(voltage=voltage, words=300)
        cells = moved["word"].astype(np.int64) * 64 + moved["column"]
        np.testing.assert_array_equal(at[(at >= 0) & (at < 300 * 64)], cells)

    def test_chips_pickle_and_copy(self):
        for chip in (brownout.Chip("random:5"), brownout.Chip(CHIP2, offset=64, wrap=False)):
            for other in (pickle.loads(pickle.dumps(chip)), copy.copy(chip), copy.deepcopy(chip)):
                self.assertEqual(chip, other)
                self.assertEqual(hash(chip), hash(other))
        technology = pickle.loads(pickle.dumps(brownout.Technology()))
        self.assertEqual(technology.bit_error_rate(0.9), brownout.Technology().bit_error_rate(0.9))


class Corrupt(unittest.TestCase):
    def test_every_type_width_and_offset_reads_as_defined(self):
        generator = np.random.default_rng(1)
        chip = brownout.Chip("random:11")
        for dtype in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"):
            most = np.dtype(dtype).itemsize * 8
            for bits in sorted({1, 3, most // 2, most - 1, most}):
                for offset in (0, 5, 777):
                    low = -(1 << (bits - 1)) if dtype.startswith("i") else 0
                    high = (1 << (bits - 1)) - 1 if dtype.startswith("i") else (1 << bits) - 1
                    codes = generator.integers(low, high, (7, 5), dtype=dtype, endpoint=True)
                    read = chip.corrupt(codes, bits, rate=0.05, offset=offset)
                    expected = read_by_hand(codes, bits, chip, offset, rate=0.05)
                    np.testing.assert_array_equal(read, expected, f"{dtype} {bits} {offset}")
                    self.assertEqual(read.dtype, codes.dtype)

    def test_measured_cells_that_always_fail_in_one_direction(self):
        chip = brownout.Chip(CHIP2)
        voltage = chip.voltages[0]
        codes = np.arange(4096, dtype=np.uint8)
        faults = chip.faults(voltage=voltage, words=512)
        read, counts = chip.corrupt(codes, voltage=voltage, return_counts=True)
        self.assertEqual(counts.reads, 4096)
        self.assertEqual(counts.cells_hit, len(faults))
        wrong = np.unpackbits(read ^ codes, bitorder="little")
        self.assertEqual(counts.bits_wrong, wrong.sum())
        self.assertEqual(counts.codes_wrong, (read != codes).sum())
        cell = faults["word"].astype(np.int64) * 64 + faults["column"]
        stored = np.unpackbits(codes, bitorder="little")[cell]
        p = np.where(stored == 1, faults["p10"], faults["p01"])
        self.assertTrue((wrong[cell][p >= 1] == 1).all())
        self.assertTrue((wrong[cell][p <= 0] == 0).all())
        self.assertEqual(wrong.sum(), wrong[cell].sum())  # no other cell reads wrong

    def test_cells_that_draw(self):
        chip = brownout.Chip("random:2,p_err=0.5")
        codes = np.zeros(100_000, np.uint8)
        frozen = [chip.corrupt(codes, rate=0.01, batch=b) for b in (0, 1)]
        np.testing.assert_array_equal(*frozen)
        fresh = [chip.corrupt(codes, rate=0.01, reads="fresh", batch=b) for b in (0, 1)]
        self.assertTrue((fresh[0] != fresh[1]).any())
        other = chip.corrupt(codes, rate=0.01, evaluation_seed=1)
        self.assertTrue((other != frozen[0]).any())

    def test_memories_of_a_die_differ(self):
        chip, codes = brownout.Chip("random:2"), np.zeros(10_000, np.uint8)
        reads = [chip.corrupt(codes, rate=0.01, memory=m).tobytes()
                 for m in ("weights", "activations", "accumulators", "input")]
        self.assertEqual(len(set(reads)), 4)

    def test_nothing_is_copied_that_need_not_be(self):
        chip, codes = brownout.Chip("random:4"), np.zeros((300, 300), np.uint8)
        expected = chip.corrupt(codes, rate=0.02)
        self.assertFalse(codes.any())
        self.assertTrue(expected.any())
        self.assertIs(chip.corrupt(codes, rate=0.02, out=codes), codes)
        np.testing.assert_array_equal(codes, expected)
        other = np.empty_like(codes)
        self.assertIs(chip.corrupt(np.zeros_like(codes), rate=0.02, out=other), other)
        np.testing.assert_array_equal(other, expected)
        # A part of a buffer that is contiguous is fine.
        buffer = np.zeros((3, 300, 300), np.uint8)
        chip.corrupt(buffer[1], rate=0.02, out=buffer[1])
        np.testing.assert_array_equal(buffer[1], expected)
        self.assertFalse(buffer[0].any() or buffer[2].any())

    def test_empty_and_single_codes(self):
        chip = brownout.Chip("random:4")
        self.assertEqual(chip.corrupt(np.empty((0, 3), np.int8), voltage=0.8).shape, (0, 3))
        self.assertEqual(chip.corrupt(np.array(7, np.uint8), rate=1.0), 0xF8)

    def test_at_vmin_nothing_fails(self):
        codes = np.arange(256, dtype=np.uint8)
        for chip in ("random:1", "physical:1"):
            np.testing.assert_array_equal(brownout.Chip(chip).corrupt(codes, voltage=1.0), codes)

    def test_two_threads_at_once(self):
        chip, codes = brownout.Chip("physical:9"), np.zeros(1_000_000, np.uint8)
        expected = chip.corrupt(codes, voltage=0.84)
        results, failures = {}, []

        def work(number):
            try:
                for _ in range(5):
                    results[number] = chip.corrupt(codes, voltage=0.84)
                    brownout.Chip(f"random:{number}").faults(rate=0.01, words=10_000)
            except BaseException as error:  # noqa: BLE001
                failures.append(error)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        for result in results.values():
            np.testing.assert_array_equal(result, expected)


class Memory(unittest.TestCase):
    def test_words_are_the_codes_of_corrupt(self):
        generator = np.random.default_rng(2)
        for width, element in ((8, np.uint32), (32, np.uint32), (39, np.uint64), (64, np.uint64)):
            chip = brownout.Chip("random:21")
            memory = brownout.FaultyMemory(chip, 1000, width, rate=0.02, offset=13)
            stored = generator.integers(0, (1 << width) - 1, 1000, dtype=element, endpoint=True)
            expected = chip.corrupt(stored, width, rate=0.02, offset=13)
            np.testing.assert_array_equal(memory.read(np.arange(1000), stored), expected)
            one_by_one = [memory.read(a, int(stored[a])) for a in range(1000)]
            self.assertEqual(one_by_one, expected.tolist())
            self.assertEqual(memory.counts.reads, 2000)
            self.assertEqual(
                memory.counts.codes_wrong, 2 * int((expected != stored).sum()))

    def test_wide_words(self):
        memory = brownout.FaultyMemory("random:3", 64, 200, rate=0.05)
        narrow = brownout.FaultyMemory("random:3", 64 * 25, 8, rate=0.05)
        for address in (0, 17, 63):
            read = memory.read(address, (1 << 200) - 1)
            parts = [narrow.read(address * 25 + i, 255) for i in range(25)]
            self.assertEqual(read, sum(part << (8 * i) for i, part in enumerate(parts)))
            row = np.full((1, 4), 2**64 - 1, np.uint64)
            row[0, 3] = 255
            got = memory.read(np.array([address]), row)[0]
            self.assertEqual(sum(int(e) << (64 * i) for i, e in enumerate(got)), read)

    def test_the_voltage_may_change(self):
        memory = brownout.FaultyMemory("random:3", 4096, 32, voltage=1.0)
        self.assertFalse(memory.has_faults())
        memory.set_voltage(0.8)
        self.assertTrue(memory.has_faults())
        faulty = [a for a in range(4096) if memory.has_faults(a)]
        addresses = np.arange(4096)
        stored = np.zeros(4096, np.uint32)
        read = memory.read(addresses, stored)
        self.assertEqual(np.flatnonzero(read).tolist(), faulty)
        memory.set_voltage(1.0)
        np.testing.assert_array_equal(memory.read(addresses, stored), stored)


class OfTheCommand(unittest.TestCase):
    def test_faults_are_those_that_eval_hits(self):
        """The network's codes lie in the first cells: eval lists the cells that it hits."""
        model = SOURCE / "models" / "fmnist-simplenet16-randbet-8b.onnx"
        for chip, voltage in (("random:6", 0.84), ("physical:6", 0.84), (CHIP2, 0.7966)):
            found = command_json("eval", model, "--images", 1, "--cells", "--chip", chip,
                                 "--voltage", voltage)
            network = brownout.Network.load(model)
            bits = network.coded_parameters * network.bits
            faults = brownout.Chip(chip).faults(voltage=voltage, words=-(-bits // 64))
            cells = faults["word"].astype(np.int64) * 64 + faults["column"]
            self.assertEqual(found["per_chip"][0]["cells"], cells[cells < bits].tolist())
            codes = np.concatenate([p.codes.ravel() for p in network.parameters().values()])
            read, counts = brownout.Chip(chip).corrupt(
                codes, network.bits, voltage=voltage, return_counts=True)
            self.assertEqual(found["per_chip"][0]["bits_wrong"], counts.bits_wrong)
            self.assertEqual(found["per_chip"][0]["codes_changed"], counts.codes_wrong)
            self.assertEqual(counts.codes_wrong, (read != codes).sum())


class OfTechnologies(unittest.TestCase):
    def test_numbers_and_arrays(self):
        technology = brownout.Technology("14nm-finfet")
        low, high = technology.voltages
        self.assertLess(low, 0.8)
        self.assertGreaterEqual(high, 1.0)
        voltages = np.linspace(low, 1.0, 12).reshape(3, 4)
        rates = technology.bit_error_rate(voltages)
        self.assertEqual(rates.shape, (3, 4))
        self.assertEqual(rates[1, 2], technology.bit_error_rate(float(voltages[1, 2])))
        self.assertTrue((np.diff(rates.ravel()) < 0).all())
        self.assertAlmostEqual(technology.voltage_at_rate(rates[0, 1]), voltages[0, 1], places=9)
        self.assertAlmostEqual(technology.sram_energy(0.8), 0.64, places=12)
        self.assertLess(technology.sram_leakage(0.8), 1.0)
        self.assertEqual(technology.name, "14nm-finfet")
        self.assertTrue(technology.file.endswith("profiles/14nm-finfet.yaml"))


if __name__ == "__main__":
    unittest.main(verbosity=1)
