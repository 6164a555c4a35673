#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bad input is one clear exception, never a crash, and nothing is half-written."""

import math
import os
import pathlib
import pickle
import re
import tempfile
import unittest

import numpy as np

import brownout
from support import RANDBET, SOURCE, SWEEP, command

CHIP2 = str(SOURCE / "profiles" / "chip2-synthetic.h5")
CODES = np.arange(24, dtype=np.uint8).reshape(4, 6)


class Refusals(unittest.TestCase):
    def refused(self, text, call, *arguments, **options):
        with self.assertRaises(brownout.InputError) as caught:
            call(*arguments, **options)
        message = str(caught.exception)
        self.assertIn(text, message)
        self.assertNotIn("\n", message)
        self.assertNotIn("--", message)  # no option of the command
        self.assertIsInstance(caught.exception, ValueError)
        self.assertEqual(caught.exception.exit_code, 2)

    def test_chips_that_do_not_exist(self):
        for text in ("", "random:", "random:-1", "random:x", "random:1,p_err=2", "physical:",
                     "random:99999999999999999999", "nonsense"):
            self.refused("chip", brownout.Chip, text)
        self.refused("missing.h5", brownout.Chip, "missing.h5")
        self.refused("README.md", brownout.Chip, str(SOURCE / "README.md") + ",offset=1")
        for value in (None, 7, b"random:1", ["random:1"], "random:1\0"):
            self.refused("chip: expected a text", brownout.Chip, value)
        self.refused("offset: expected an integer", brownout.Chip, CHIP2, offset=-1)
        self.refused("offset: expected an integer", brownout.Chip, CHIP2, offset=2**64)
        self.refused("offset: expected an integer", brownout.Chip, CHIP2, offset=1.5)
        self.refused("offset: belongs to a profile", brownout.Chip, "random:1", offset=1)
        self.refused("wrap: belongs to a profile", brownout.Chip, "random:1", wrap=False)
        self.refused("wrap: expected True or False", brownout.Chip, CHIP2, wrap="no")
        # A map that is too small for the memory.
        small = brownout.Chip(CHIP2, wrap=False)
        self.refused("bits", small.corrupt, np.zeros(2**20, np.uint8), voltage=small.voltages[0])

    def test_empty_names(self):
        self.refused('got ""', brownout.Network.load, "")
        self.refused('got ""', brownout.Technology, "")
        self.refused('got ""', brownout.Experiment, "")

        for name in ("technology", "accelerator", "engine", "only_bits", "mitigation", "data",
                     "dataset", "split"):
            self.refused(f'{name}: expected a value, got ""', brownout.Experiment, RANDBET,
                         **{name: ""})
        network = brownout.Network.load(RANDBET)
        self.refused('file: expected a value, got ""', brownout.Network.from_onnx, "")
        self.refused('file: expected a value, got ""', network.save, "")
        self.refused('file: expected a value, got ""', network.save, "", overwrite=True)
        self.refused('accelerator: expected a value, got ""', brownout.run, RANDBET, "")
        self.refused('chip: expected a value, got ""', brownout.run, RANDBET, "edge-16x16",
                     voltage=0.9, chip="", images=1)
        self.refused('file: expected a value, got ""', brownout.sweep, "")
        self.refused('folder: expected a value, got ""', brownout.sweep, "demo", folder="")

    def test_texts_that_no_encoding_holds(self):
        network = brownout.Network.load(RANDBET)
        experiment = brownout.Experiment(network, images=2)
        wrong = "a\ud800.onnx"  # half a character
        for name, call in (
            ("file", brownout.Network.load), ("file", network.save),
            ("file", brownout.Network.from_onnx), ("technology", brownout.Technology),
            ("accelerator", brownout.Accelerator), ("chip", brownout.Chip),
            ("file", brownout.sweep),
            ("folder", lambda text: brownout.sweep("demo", folder=text)),
            ("chip", lambda text: experiment.run(rate=0.1, chips=text)),
            ("chip", lambda text: experiment.run(rate=0.1, chips=["random:1", text])),
            ("chip", lambda text: brownout.run(network, "edge-16x16", chip=text)),
            ("data", lambda text: brownout.Experiment(network, data=text)),
            ("dataset", lambda text: brownout.Experiment(network, dataset=text)),
            ("file", lambda text: brownout.Experiment(text)),
        ):
            with self.subTest(name=name):
                self.refused(f"{name}: expected a text that UTF-8 can hold, got 'a\\ud800.onnx'",
                             call, wrong)
        # Only names of files may have other bytes.
        byte = os.fsdecode(b"caf\xe9")
        for options in (
            {"only_bits": byte}, {"mitigation": byte}, {"engine": byte}, {"split": byte},
            {"only_tensors": byte}, {"only_layers": ["conv1", byte]}, {"supplies": {byte: 0.9}},
            {"supplies": {"input": byte}}, {"memory_rates": {byte: 0.1}},
        ):
            with self.subTest(options=options):
                self.refused("expected a text that UTF-8 can hold, got 'caf\\udce9'",
                             brownout.Experiment, network, **options)
        for name in ("calibration", "scheme", "rounding"):
            self.refused(name, brownout.Network.from_onnx, RANDBET, **{name: byte})
        self.refused("coded", brownout.Network.from_onnx, RANDBET, coded=[byte])

    def test_voltages_and_rates(self):
        chip, physical, measured = (
            brownout.Chip(t) for t in ("random:1", "physical:1", CHIP2))
        for bad in (math.nan, math.inf, -math.inf, -0.1, 11.0, "0.8", None, True, 1j, [0.8]):
            if bad is not None:
                self.refused("voltage: expected", chip.corrupt, CODES, voltage=bad)
                self.refused("rate: expected", chip.corrupt, CODES, rate=bad)
        self.refused("got neither", chip.corrupt, CODES)
        self.refused("got both", chip.corrupt, CODES, voltage=0.9, rate=0.1)
        self.refused("0.5", chip.corrupt, CODES, voltage=0.5)  # names the technology's range
        self.refused("rate: expected a number in [0, 1]", chip.corrupt, CODES, rate=1.01)
        self.refused("rate: chip physical:1 fails by voltage", physical.corrupt, CODES, rate=0.01)
        self.refused("fails by voltage", measured.corrupt, CODES, rate=0.01)
        lowest = measured.voltages[0]
        self.refused("lowest", measured.faults, words=4, voltage=lowest - 0.01)
        self.refused("technology", chip.corrupt, CODES, voltage=0.9, technology="no-such")
        self.refused("technology: expected a text", chip.corrupt, CODES, voltage=0.9, technology=5)
        self.refused("p_err", brownout.Chip("random:1,p_err=0.5").corrupt, CODES, rate=0.7)

    def test_arrays(self):
        chip = brownout.Chip("random:1")
        for array, text in (
            ([1, 2], "expected a NumPy array"), (None, "expected a NumPy array"),
            (CODES.astype(np.float32), "got float32"), (CODES.astype(bool), "got bool"),
            (CODES.astype(object), "got object"), (CODES.astype("U1"), "got <U"),
            (CODES.astype(complex), "got complex128"), (CODES.astype(">u2"), "byte order"),
            (CODES.astype("m8[s]"), "got timedelta64"),
            (CODES[:, ::2], "C-contiguous"), (CODES.T, "C-contiguous"),
            (CODES[::-1], "C-contiguous"), (np.asfortranarray(CODES), "C-contiguous"),
            (np.broadcast_to(np.uint8(1), (3, 4)), "C-contiguous"),
            (np.frombuffer(b"x" + bytes(16), np.uint8)[1:].view(np.uint32), "aligned"),
            (np.zeros(3, [("a", np.uint8)]), "expected integers"),
        ):
            self.refused(text, chip.corrupt, array, rate=0.1)
        for bits in (0, -1, 9, 2**70, 1.0, "8", None, True):
            self.refused("bits: expected an integer in [1, 8]", chip.corrupt, CODES, bits, rate=0.1)
        self.refused("codes: element 16 is 16", chip.corrupt, CODES, 4, rate=0.1)
        signed = np.array([3, -4, 4], np.int8)
        self.refused("codes: element 2 is 4", chip.corrupt, signed, 3, rate=0.1)

    def test_outputs(self):
        chip = brownout.Chip("random:1")
        read_only = CODES.copy()
        read_only.flags.writeable = False
        chip.corrupt(read_only, rate=0.5)  # only read
        self.refused("read-only", chip.corrupt, read_only, rate=0.5, out=read_only)
        self.refused("read-only", chip.corrupt, CODES, rate=0.5, out=np.frombuffer(bytes(24), np.uint8))
        self.refused("out: expected uint8 of shape (4, 6)", chip.corrupt, CODES, rate=0.5,
                     out=np.zeros(24, np.uint8))
        self.refused("out: expected uint8", chip.corrupt, CODES, rate=0.5, out=CODES.astype(np.int8))
        self.refused("C-contiguous", chip.corrupt, CODES, rate=0.5, out=np.zeros((6, 4), np.uint8).T)
        kept = np.full_like(CODES, 9)
        self.refused("codes", chip.corrupt, np.full_like(CODES, 16), bits=4, rate=0.5, out=kept)
        self.refused("do not fit", chip.corrupt, CODES, rate=0.5, offset=64 * 0xFFFFFFFF - 8, out=kept)
        self.assertTrue((kept == 9).all())
        self.refused("out: expected a NumPy array", chip.corrupt, CODES, rate=0.5, out=[0] * 24)
        # A refused call changes nothing, the output included.
        target = np.full((4, 6), 99, np.uint8)
        self.refused("voltage", chip.corrupt, CODES, voltage=0.1, out=target)
        self.assertTrue((target == 99).all())

    def test_places_and_huge_numbers(self):
        chip = brownout.Chip("random:1")
        for bad in (-1, 2**64, 2**200, 0.5, "0", None):
            self.refused("offset: expected an integer", chip.corrupt, CODES, rate=0.1, offset=bad)
        for huge in (2**63, 2**64 - 1, 2**64 - 190, 2**40):
            self.refused("cell", chip.corrupt, CODES, rate=0.1, offset=huge)
        self.refused("cells fail", chip.corrupt, CODES, rate=1.0, offset=2**37)
        self.refused("cells fail", chip.faults, rate=1.0, words=2**32 - 1)
        self.refused("cells fail", brownout.Chip("physical:1").faults, voltage=0.75, words=2**32 - 1)
        for bad in (-1, 2**32, 10**30, 1.0, None, "3"):
            self.refused("words: expected an integer", chip.faults, rate=0.1, words=bad)
        self.refused("memory: expected one of", chip.corrupt, CODES, rate=0.1, memory="cache")
        self.refused("reads: expected one of", chip.corrupt, CODES, rate=0.1, reads="always")
        self.refused("evaluation_seed", chip.corrupt, CODES, rate=0.1, evaluation_seed=-1)
        self.refused("batch", chip.corrupt, CODES, rate=0.1, batch=-1)

    def test_memories(self):
        make = brownout.FaultyMemory
        for bad in (0, -1, 2**70, 1.5, "8", None):
            self.refused("depth", make, "random:1", bad, 8, rate=0.1)
            self.refused("width", make, "random:1", 8, bad, rate=0.1)
        self.refused("depth", make, "random:1", 2**40, 64, rate=0.0)
        self.refused("cells fail", make, "random:1", 2**31, 64, rate=1.0)
        memory = make("random:1", 16, 12, rate=0.1)
        for bad in (-1, 16, 2**64, 1.0, "0", None):
            self.refused("address: expected an integer in [0, 15]", memory.read, bad, 0)
            if bad is not None:
                self.refused("address", memory.has_faults, bad)
        for bad in (-1, 4096, 0.0, "0", None):
            self.refused("data: expected an integer in [0, 4095]", memory.read, 0, bad)
        places, words = np.arange(16), np.zeros(16, np.uint32)
        for a, d, text in (
            (places, words[:8], "data: expected shape"), (places, words.astype(np.int32), "uint32"),
            (places + 1, words, "address: expected integers in [0, 15], got 16"),
            (places - 1, words, "got -1"), (places.astype(np.float64), words, "expected integers"),
            (places.astype(np.uint64) + np.uint64(2**63), words, "address"),
            (places, words + np.uint32(4096), "wider than 12 bits"),
            (places.reshape(4, 4), words, "one dimension"), (places, 0, "data: expected a NumPy"),
        ):
            self.refused(text, memory.read, a, d)
        self.assertEqual(memory.counts.reads, 0)
        self.refused("voltage", memory.set_voltage, 0.1)
        self.refused("rate", memory.set_rate, 2.0)

    def test_networks(self):
        load = brownout.Network.load
        self.refused("no-such.onnx", load, "no-such.onnx")
        self.refused(str(SOURCE / "README.md"), load, str(SOURCE / "README.md"))
        self.refused("brownout model import", load, SOURCE / "examples/own-network/lenet.onnx")
        self.refused("file: expected a text", load, 3)
        self.refused("file", load, str(SOURCE))
        self.refused("scheme", brownout.Network.from_onnx, "a.onnx", scheme="octal")
        self.refused("a.onnx", brownout.Network.from_onnx, "a.onnx")
        self.refused("calibration_images", brownout.Network.from_onnx, "a.onnx",
                     calibration_images=0)
        with self.assertRaisesRegex(TypeError, "Network.load"):
            brownout.Network()
        network = load(RANDBET)
        name, parameter = next(iter(network.parameters().items()))
        change = lambda n: network.with_codes({name: n})  # noqa: E731
        self.refused("shape", change, parameter.n.ravel())
        self.refused("int8", change, parameter.n.astype(np.int16))
        self.refused("C-contiguous", change, np.asfortranarray(parameter.n))
        self.refused(name, change, np.full_like(parameter.n, -128))  # rquant has no such code
        self.refused("no tensor", network.with_codes, {"other": parameter.n})
        with tempfile.TemporaryDirectory() as folder:
            there = pathlib.Path(folder) / "there.onnx"
            there.write_text("mine")
            self.refused("there.onnx", network.save, there)
            self.assertEqual(there.read_text(), "mine")
            self.refused("missing", network.save, pathlib.Path(folder) / "missing" / "a.onnx")
            self.assertEqual([p.name for p in pathlib.Path(folder).iterdir()], ["there.onnx"])

    def test_codes_by_name(self):
        network = brownout.Network.load(SOURCE / "models/fmnist-simplenet16-randbet-8b.onnx")
        self.refused("n: expected a dictionary", network.with_codes, 5)
        self.refused("n of conv1.weight: expected a NumPy array", network.with_codes,
                     {"conv1.weight": None})
        self.refused("n: the network has no tensor 'other'", network.with_codes, {"other": None})

    def test_quantization(self):
        values = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)
        quantize = brownout.quantize
        for limits in (1, (0,), "ab"):
            self.refused("limits: expected", quantize, values, limits=limits)
        for array, text in (
            (values.astype(np.float64), "got float64"), (values.tolist(), "NumPy array"),
            (values.T, "C-contiguous"), (np.full(3, np.nan, np.float32), "finite"),
            (np.array([0, np.inf], np.float32), "finite"), (np.empty(0, np.float32), "values"),
            (np.array([-3e38, 3e38], np.float32), None),
        ):
            if text is not None:
                self.refused(text, quantize, array)
        self.refused("bits", quantize, values, bits=9)
        self.refused("rquant takes 2 to 8 bits", quantize, values, bits=1)
        self.refused("binary takes 1 bits", quantize, values, "binary")
        self.refused("scheme: expected one of rquant", quantize, values, "octal")
        self.refused("rounding", quantize, values, rounding="up")
        self.refused("ranges", quantize, values, ranges="row")
        self.refused("ranges", quantize, values, ranges="channel", limits=(0, 1))
        self.refused("limits", quantize, values, limits=(0, math.nan))
        self.refused("limits", quantize, values, limits=(1, 0))
        coded = quantize(values, bits=4)
        self.refused("codes: expected uint8 of shape (3, 4)", coded.decode, coded.codes.ravel())
        self.refused("element 0 is 17", coded.decode, coded.codes + np.uint8(16))
        self.refused("out", coded.decode, out=np.empty(12, np.float32))

    def test_experiments(self):
        make = brownout.Experiment
        for options, text in (
            ({"images": 0}, "images"), ({"images": 10**9}, "images"), ({"images": "5"}, "images"),
            ({"engine": "magic"}, "engine"), ({"engine": None}, "engine"),
            ({"dataset": "mnist2"}, "dataset"), ({"split": "half"}, "split"),
            ({"data": "no-such-folder"}, "no-such-folder"), ({"technology": "x"}, "technology"),
            ({"accelerator": "edge-17x17"}, "edge-16x16"), ({"mitigation": "hope"}, "mitigation"),
            ({"supplies": {"input": 0.8}}, "accelerator"), ({"supplies": 0.8}, "supplies"),
            ({"supplies": {"weights": "vmin"}, "accelerator": "edge-16x16"}, "weights"),
            ({"memory_rates": {"input": math.nan}}, "memory_rates: input"),
            ({"batch": 0}, "batch"), ({"bit_offset": -1}, "bit_offset"), ({"threads": -1}, "threads"),
            ({"threads": 10**6}, "threads"), ({"batch_statistics": True}, "batch"),
            ({"keep_logits": 1}, "keep_logits"), ({"reads": True}, "reads"),
        ):
            def all_of_it(options=options):
                make(RANDBET, **{"images": 10, **options}).run(rate=0.01, chips=1)
            with self.subTest(options=options):
                self.refused(text, all_of_it)
        experiment = make(RANDBET, images=10)
        for options, text in (
            ({"voltage": 0.1}, "0.1"), ({"voltage": math.nan}, "voltage"),
            ({"rate": -0.5}, "rate"), ({"rate": 0.1, "voltage": 0.9}, "got both"),
            ({"rate": 0.1, "chips": 0}, "chips"), ({"rate": 0.1, "chips": -3}, "chips"),
            ({"rate": 0.1, "chips": []}, "chips"), ({"rate": 0.1, "chips": 10**7}, "chips"),
            ({"rate": 0.1, "chips": "random:x"}, "random:x"),
            ({"rate": 0.1, "chips": 2.0}, "chips"), ({"rate": 0.1, "chips": [3]}, "chip"),
            ({"rate": 0.1, "chips": ["random:1", "physical:2"]}, "fails by voltage"),
            ({"rate": 0.1, "chips": "random:1", "seed": 4}, "seed"),
            ({"rate": 0.1, "chips": 2, "seed": -1}, "seed"),
            ({"rate": 0.1, "progress": 5}, "progress"),
        ):
            with self.subTest(options=options):
                self.refused(text, experiment.run, **options)
        # It works all the same afterwards.
        self.assertEqual(len(experiment.run(rate=0.01, chips=2).chips), 2)

    def test_runs_and_sweeps(self):
        self.refused("edge-16x16", brownout.run, RANDBET, "edge-17x17", images=2)
        self.refused("accelerator", brownout.run, RANDBET, None, images=2)
        self.refused("0.2", brownout.run, RANDBET, "edge-16x16", images=2, voltage=0.2)
        self.refused("no-such.yaml", brownout.sweep, "no-such.yaml")
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "bad.yaml").write_text("models: [a.onnx]\nvoltage: [1.0]\n")
            self.refused("voltage", brownout.sweep, folder / "bad.yaml", folder=folder / "out")
            self.assertEqual([p.name for p in folder.iterdir()], ["bad.yaml"])
            (folder / "file").write_text("")
            (folder / "good.yaml").write_text(SWEEP.format(model=RANDBET, chips=1, images=10))
            self.refused("file", brownout.sweep, folder / "good.yaml", folder=folder / "file")

    def test_accelerators(self):
        self.refused("edge-16x16", brownout.Accelerator, "edge-16x17")
        self.refused("accelerator: expected a text", brownout.Accelerator, None)
        edge = brownout.Accelerator("edge-16x16")
        self.refused("batch", edge.compile, RANDBET, batch=0)
        self.refused("bit_offset", edge.compile, RANDBET, bit_offset=2**30)
        self.refused("words", edge.compile, RANDBET, bit_offset=2**28)

    def test_what_cannot_be_pickled_says_so(self):
        network = brownout.Network.load(RANDBET)
        for thing in (network, brownout.Experiment(network, images=5),
                      brownout.FaultyMemory("random:1", 8, 8, rate=0.1),
                      brownout.Accelerator("edge-16x16").compile(network)):
            with self.assertRaisesRegex(TypeError, "cannot pickle"):
                pickle.dumps(thing)


class Texts(unittest.TestCase):
    def test_messages_are_those_of_the_command(self):
        experiment = brownout.Experiment(RANDBET, images=10)
        for words, call in (
            (["--voltage", "0.5"], lambda: experiment.run(voltage=0.5)),
            (["--rate", "0.1", "--chip", "random:x"],
             lambda: experiment.run(rate=0.1, chips="random:x")),
            (["--rate", "0.1", "--chip", "physical:4"],
             lambda: experiment.run(rate=0.1, chips="physical:4")),
            (["--accelerator", "edge-17x17"],
             lambda: brownout.Experiment(RANDBET, images=10, accelerator="edge-17x17")),
            (["--mitigation", "hope", "--rate", "0.1"],
             lambda: brownout.Experiment(RANDBET, images=10, mitigation="hope").run(rate=0.1)),
            (["--technology", "x", "--rate", "0.1"],
             lambda: brownout.Experiment(RANDBET, images=10, technology="x").run(rate=0.1)),
        ):
            done = command("eval", RANDBET, "--images", 10, *words, check=False)
            self.assertEqual(done.returncode, 2)
            expected = done.stderr.splitlines()[-1].replace("brownout: error: ", "")
            with self.assertRaises(brownout.InputError) as caught:
                call()
            self.assertEqual(str(caught.exception), re.sub(r"--(?=[a-z])", "", expected))


if __name__ == "__main__":
    unittest.main(verbosity=1)
