#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Experiments, runs and sweeps in Python give what the command gives, and can be interrupted."""

import contextlib
import io
import json
import os
import pathlib
import pickle
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest

import numpy as np

import brownout
from support import RANDBET, SOURCE, SWEEP, command, command_json, without_times

CHIP1 = str(SOURCE / "profiles" / "chip1-synthetic.h5")


class NamesOfFiles(unittest.TestCase):
    """They may be any bytes."""

    def test_names_that_are_not_utf8(self):
        with tempfile.TemporaryDirectory() as name:
            folder = os.path.join(name, os.fsdecode(b"caf\xe9"))
            os.mkdir(folder)

            def there(file, text=None):
                path = os.path.join(folder, os.fsdecode(b"\xff") + os.path.basename(file))
                if text is None:
                    shutil.copy(file, path)
                else:
                    pathlib.Path(path).write_text(text)
                return path

            model, chip = there(RANDBET), there(CHIP1)
            technology = there(SOURCE / "profiles" / "14nm-finfet.yaml")
            description = (SOURCE / "configs" / "accelerators" / "edge-16x16.yaml").read_text()
            accelerator = there("edge.yaml", description.replace("../..", str(SOURCE)))
            network = brownout.Network.load(model)
            self.assertEqual(network.file, model)
            self.assertEqual(os.fsencode(network.name), b"\xfffmnist-simplenet16-randbet-8b")
            self.assertEqual(repr(network).encode()[:13], b"<Network \\xff")
            saved = os.path.join(folder, "saved.onnx")
            network.save(pathlib.Path(saved))
            with self.assertRaisesRegex(brownout.InputError, r"caf\\xe9/saved.onnx: exists"):
                network.save(saved)
            with self.assertRaisesRegex(brownout.InputError, r"caf\\xe9/none.onnx: "):
                brownout.Network.load(os.path.join(folder, "none.onnx"))
            self.assertEqual(brownout.Network.load(saved).coded_bits, network.coded_bits)
            imported = brownout.Network.from_onnx(
                there(SOURCE / "examples/own-network/lenet.onnx"), calibration_images=64,
                test_images=64)
            self.assertEqual(os.fsencode(imported.name), b"\xfflenet")
            self.assertEqual(brownout.Technology(technology).file, technology)
            self.assertEqual(brownout.Accelerator(accelerator).file, accelerator)
            self.assertEqual(brownout.Chip(chip).name, chip)
            with self.assertRaisesRegex(brownout.InputError, r"xffchip1.*fails by voltage") as caught:
                brownout.Chip(chip).corrupt(np.zeros(3, np.uint8), rate=0.1)
            str(caught.exception).encode()
            # The same figures as with plain names.
            plain = brownout.Experiment(RANDBET, images=40).run(voltage=0.8387, chips=CHIP1)
            experiment = brownout.Experiment(model, images=40, technology=technology)
            repr(experiment).encode()
            for chips in (chip, [chip], brownout.Chip(chip)):
                result = experiment.run(voltage=0.8387, chips=chips)
                self.assertEqual(result.rerr, plain.rerr)
                self.assertEqual(result.chips[0], plain.chips[0]._replace(chip=chip))
            self.assertEqual(os.fsencode(result.model), b"\xfffmnist-simplenet16-randbet-8b")
            self.assertEqual(result.samples.columns()["chip"].tolist(), [chip] * len(result.samples))
            (result.text + repr(result) + result._repr_html_()).encode()
            run = brownout.run(model, accelerator, images=1, voltage=0.8387, chip=chip,
                               technology=technology)
            (run.text + run._repr_html_()).encode()
            out = os.path.join(folder, "out")
            sweep = brownout.sweep(
                there("sweep.yaml", SWEEP.format(model=RANDBET, chips=1, images=10)), folder=out)
            self.assertEqual(sweep.folder, out)
            self.assertTrue(os.path.exists(os.path.join(out, "points.csv")))
            (sweep.text + sweep._repr_html_()).encode()
            with self.assertRaisesRegex(brownout.InputError, r"data: .*caf\\xe9"):
                brownout.Experiment(RANDBET, data=os.path.join(folder, "data"), images=1).run()


class LikeTheCommand(unittest.TestCase):
    def compare(self, words, result):
        expected = command_json("eval", RANDBET, *words)
        self.assertEqual(without_times(result.json), without_times(expected))
        self.assertEqual(result.err, expected["err"])
        self.assertEqual(result.rerr, expected["rerr_mean"])
        self.assertEqual(result.rerr_std, expected["rerr_std"])
        return expected

    def test_five_lines_give_the_same_error_to_the_digit(self):
        experiment = brownout.Experiment(RANDBET, images=700)
        result = experiment.run(voltage=0.8333, chips=6, seed=3)
        expected = self.compare(
            ["--images", 700, "--voltage", 0.8333, "--chips", 6, "--seed", 3], result)
        self.assertEqual(
            [(c.chip, c.rerr, c.cells_hit, c.bits_wrong) for c in result.chips],
            [(c["chip"], c["rerr"], c["cells_hit"], c["bits_wrong"])
             for c in expected["per_chip"]])
        self.assertEqual(result.voltage, 0.8333)
        self.assertEqual(list(result.rerr_ci95), expected["rerr_ci95_all"])
        # The same experiment again: order and threads do not matter.
        clean = experiment.run()
        self.assertIsNone(clean.rerr)
        self.assertEqual(clean.chips, [])
        self.compare(["--images", 700], clean)
        again = experiment.run(voltage=0.8333, chips=[f"random:{s}" for s in range(3, 9)])
        self.assertEqual(again.rerr, result.rerr)

    def test_options(self):
        for options, run, words in (
            ({"engine": "float"}, {"rate": 0.02, "chips": 2}, ["--engine", "float", "--rate", 0.02,
                                                               "--chips", 2]),
            ({"bit_offset": 100, "evaluation_seed": 5, "reads": "fresh"},
             {"voltage": 0.8387, "chips": CHIP1},
             ["--bit-offset", 100, "--evaluation-seed", 5, "--reads", "fresh", "--voltage", 0.8387,
              "--chip", CHIP1]),
            ({"mitigation": "secded", "split": "train"}, {"voltage": 0.85, "chips": 1},
             ["--mitigation", "secded", "--split", "train", "--voltage", 0.85, "--chips", 1]),
            ({"accelerator": brownout.Accelerator("edge-16x16"),
              "supplies": {"activations": 0.9, "input": "scaled"}, "batch": 4},
             {"voltage": 0.84, "chips": "physical:3"},
             ["--accelerator", "edge-16x16", "--supply", "activations=0.9", "--supply",
              "input=scaled", "--batch", 4, "--voltage", 0.84, "--chip", "physical:3"]),
            ({"accelerator": "edge-16x16", "memory_rates": {"activations": 0.001},
              "technology": brownout.Technology()}, {"chips": 2},
             ["--accelerator", "edge-16x16", "--memory-rate", "activations=0.001", "--chips", 2]),
        ):
            with self.subTest(options=options):
                experiment = brownout.Experiment(RANDBET, images=60, **options)
                self.compare(["--images", 60, *words], experiment.run(**run))

    def test_logits(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "logits.npy"
            command("eval", RANDBET, "--images", 30, "--rate", 0.02, "--chips", 2, "--logits", file)
            expected = np.load(file)
        result = brownout.Experiment(RANDBET, images=30, keep_logits=True).run(rate=0.02, chips=2)
        self.assertEqual(result.logits.dtype, np.float32)
        self.assertEqual(result.logits.shape, (3, 30, 10))
        np.testing.assert_array_equal(result.logits, expected)
        self.assertIsNone(brownout.Experiment(RANDBET, images=30).run().logits)

    def test_tables(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "samples.csv"
            command("eval", RANDBET, "--images", 30, "--rate", 0.02, "--chips", 3,
                    "--samples", file)
            result = brownout.Experiment(RANDBET, images=30).run(rate=0.02, chips=3)
            self.assertEqual(result.samples.csv, file.read_text())
        columns = result.samples.columns()
        self.assertEqual(columns["rerr"].tolist(), [c.rerr for c in result.chips])
        self.assertEqual(columns["chip"].tolist(), ["random:0", "random:1", "random:2"])
        self.assertEqual(len(result.samples), 3)
        frame = result.to_pandas()
        self.assertEqual(list(frame.columns), list(columns))
        self.assertAlmostEqual(frame.rerr.mean(), result.rerr, places=12)

    def test_text_and_html(self):
        printed = command("eval", RANDBET, "--images", 30, "--rate", 0.02, "--chips", 3).stdout
        result = brownout.Experiment(RANDBET, images=30).run(rate=0.02, chips=3)
        steady = lambda text: re.sub(r"\d+ images/s, .*", "", text).split("next:")[0].strip()  # noqa: E731
        self.assertEqual(steady(repr(result)), steady(printed))
        page = result._repr_html_()
        self.assertIn(f"{result.rerr:.2f}", page)
        self.assertIn("<table>", page)
        self.assertEqual(pickle.loads(pickle.dumps(result)).json, result.json)

    def test_run(self):
        words = ["--accelerator", "edge-16x16", "--images", 12, "--voltage", 0.833,
                 "--chip", "random:7"]
        expected = command_json("run", RANDBET, *words)
        result = brownout.run(RANDBET, "edge-16x16", images=12, voltage=0.833, chip="random:7")
        self.assertEqual(without_times(result.json), without_times(expected))
        self.assertEqual(result.cycles, expected["cycles_total"])
        self.assertEqual(len(result.to_pandas()), len(expected["layers"]))
        self.assertIn("energy", result._repr_html_())
        # Twice in one process, and with another accelerator between.
        other = brownout.run(RANDBET, "eyeriss-12x14", images=2)
        self.assertNotEqual(other.cycles_per_image, result.cycles_per_image)
        again = brownout.run(RANDBET, brownout.Accelerator("edge-16x16"), images=12, voltage=0.833,
                             chip=brownout.Chip("random:7"), keep_logits=True)
        self.assertEqual(again.cycles, result.cycles)
        self.assertEqual(again.logits.shape, (12, 10))
        program = brownout.Accelerator("edge-16x16").compile(RANDBET)
        self.assertEqual([layer.name for layer in program.layers],
                         [layer["name"] for layer in expected["layers"]])

    def test_sweep(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            file = folder / "small.yaml"
            file.write_text(SWEEP.format(model=RANDBET, chips=3, images=80))
            command("sweep", file, "--out", folder / "theirs", "--quiet")
            done = []
            result = brownout.sweep(
                file, folder=folder / "ours", progress=lambda d, t: done.append((d, t)))
            theirs = json.loads((folder / "theirs" / "sweep.json").read_text())
            same = lambda f: json.dumps(without_times(f)).replace("ours", "theirs")  # noqa: E731
            self.assertEqual(same(result.json), same(theirs))
            self.assertEqual(result.points.csv, (folder / "theirs" / "points.csv").read_text())
            self.assertEqual(result.samples.csv, (folder / "theirs" / "samples.csv").read_text())
            self.assertEqual((folder / "ours" / "points.csv").read_text(), result.points.csv)
            self.assertEqual(len(result.to_pandas()), len(result.points))
            self.assertGreaterEqual(len(result.points), 3)
            self.assertIn("<td>", result._repr_html_())
            self.assertEqual(done, sorted(done))
            self.assertEqual(done[-1][0], done[-1][1])
            self.assertGreater(len(done), 5)
            # All is there: nothing is computed again, in the same process too.
            again = brownout.sweep(file, folder=folder / "ours")
            self.assertEqual(again.json["points_computed"], 0)
            self.assertEqual(again.points.csv, result.points.csv)
            # The folder keeps what it holds, unless one says otherwise.
            with self.assertRaisesRegex(brownout.InputError, "holds another sweep.*overwrite"):
                brownout.sweep(file, folder=folder / "ours", seed=9)
            self.assertEqual((folder / "ours" / "points.csv").read_text(), result.points.csv)
            other = brownout.sweep(file, folder=folder / "ours", seed=9, overwrite=True)
            self.assertNotEqual(other.samples.csv, result.samples.csv)

    def test_networks(self):
        network = brownout.Network.load(RANDBET)
        parameters = network.parameters()
        self.assertEqual(sum(p.values.size for p in parameters.values() if p.n is not None),
                         network.coded_parameters)
        self.assertEqual((network.input_shape, network.classes, network.bits), ((28, 28, 1), 10, 8))
        for p in parameters.values():
            self.assertEqual(p.shape, p.n.shape)
            np.testing.assert_array_equal(p.alpha * p.n + p.beta, p.values)
            coded = brownout.Coded(p.codes, p.scheme, p.bits, p.alpha, p.beta)
            np.testing.assert_array_equal(coded.decode(), p.values)
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "zero.onnx"
            name = "linear.weight" if "linear.weight" in parameters else list(parameters)[-2]
            zero = {name: np.zeros_like(parameters[name].n)}
            changed = network.with_codes(zero)
            changed.save(file)
            loaded = brownout.Network.load(file)
            self.assertFalse(loaded.parameters()[name].n.any())
            self.assertEqual(brownout.Experiment(changed, images=50).run().err,
                             brownout.Experiment(loaded, images=50).run().err)
            network.save(file, overwrite=True)  # a file that this process has read and written
            self.assertEqual(brownout.Network.load(file).sha256, network.sha256)
            imported = brownout.Network.from_onnx(
                SOURCE / "examples" / "own-network" / "lenet.onnx", calibration_images=64)
            imported.save(pathlib.Path(folder) / "lenet.onnx")
            self.assertGreater(imported.coded_parameters, 1000)

    def test_quantization_is_that_of_networks(self):
        for name in ("randbet-8b", "randbet-4b", "pattbet-8b"):  # rounded to nearest
            network = brownout.Network.load(
                SOURCE / "models" / f"fmnist-simplenet16-{name}.onnx")
            for p in network.parameters().values():
                if p.values.min() == p.values.max():
                    continue
                coded = brownout.quantize(p.values, p.scheme, p.bits)
                np.testing.assert_array_equal(coded.codes, p.codes, p.name)
                np.testing.assert_allclose(coded.decode(), p.values, rtol=1e-6, atol=1e-7)


class WhileItRuns(unittest.TestCase):
    def test_progress(self):
        seen = []
        brownout.Experiment(RANDBET, images=200).run(
            rate=0.01, chips=4, progress=lambda done, total: seen.append((done, total)))
        self.assertEqual(seen[-1], (5, 5))
        self.assertEqual([d for d, _ in seen], sorted(d for d, _ in seen))

    def test_nothing_is_printed(self):
        script = (
            "import brownout\n"
            f"e = brownout.Experiment({RANDBET!r}, images=400)\n"
            "e.run(rate=0.01, chips=3)\n"
            f"brownout.run({RANDBET!r}, 'edge-16x16', images=2)\n")
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_an_exception_of_the_progress_function_ends_the_run(self):
        def stop(done, total):
            raise KeyError("enough")

        with self.assertRaises(KeyError):
            brownout.Experiment(RANDBET, images=500).run(rate=0.01, chips=50, progress=stop)

    def test_a_run_within_the_progress_of_another_is_refused(self):
        experiment = brownout.Experiment(RANDBET, images=20)
        calls = {
            "same experiment": lambda f: experiment.run(rate=0.01, chips=2, progress=f),
            "simulator": lambda f: brownout.run(RANDBET, "edge-16x16", images=2, progress=f)}
        for name, call in calls.items():
            with self.subTest(name), self.assertRaisesRegex(brownout.InputError, "progress: "):
                call(lambda done, total: call(None))
        other = brownout.Experiment(RANDBET, images=20)
        inner = []
        experiment.run(rate=0.01, chips=2, progress=lambda done, total: inner.append(
            other.run(rate=0.01, chips=1).rerr))
        self.assertEqual(len(set(inner)), 1)

    def test_python_ends_while_a_daemon_thread_computes(self):
        for work in (f"brownout.Experiment({RANDBET!r}, images=500).run(rate=0.01, chips=1000)",
                     "[brownout.Chip('random:7').faults(rate=0.01, words=10**5) for _ in range(10**6)]"):
            script = ("import threading, time, brownout\n"
                      f"threading.Thread(target=lambda: {work}, daemon=True).start()\n"
                      "time.sleep(0.5)\n")
            done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""), work)

    def interrupted(self, call, **options):
        """Sends SIGINT once the work has begun. Returns how many steps it did afterwards."""
        sent = []

        def progress(done, total):
            if done >= 1 and not sent:
                sent.append(done)
                os.kill(os.getpid(), signal.SIGINT)

        with self.assertRaises(KeyboardInterrupt):
            call(progress=progress, **options)
        self.assertTrue(sent)

    def test_ctrl_c(self):
        experiment = brownout.Experiment(RANDBET, images=2000)
        expected = experiment.run(rate=0.01, chips=1).rerr
        # Long enough to hang the test if nobody looked.
        self.interrupted(experiment.run, rate=0.01, chips=100_000)
        self.assertEqual(experiment.run(rate=0.01, chips=1).rerr, expected)

    def test_ctrl_c_of_a_sweep_leaves_what_can_be_continued(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            file = folder / "long.yaml"
            file.write_text(SWEEP.format(model=RANDBET, chips=2000, images=500))
            self.interrupted(lambda **o: brownout.sweep(file, folder=folder / "out", **o))
            rows = sqlite3.connect(folder / "out" / "results.sqlite").execute(
                "SELECT row FROM results").fetchall()
            self.assertGreater(len(rows), 0)
            for row, in rows:
                json.loads(row)
            left = sorted(p.name for p in (folder / "out").iterdir())
            self.assertNotIn("sweep.json", left)
            self.assertFalse([n for n in left if ".tmp" in n], left)

    def test_a_terminal_gets_a_bar(self):
        from brownout import _progress

        class Terminal(io.StringIO):
            def isatty(self):
                return True

        screen = Terminal()
        with contextlib.redirect_stderr(screen), unittest.mock.patch.object(
                _progress, "_PATIENCE_S", 0.0):
            brownout.Experiment(RANDBET, images=200).run(rate=0.01, chips=3)
        self.assertIn("eval 4/4", screen.getvalue())
        self.assertIn("[###", screen.getvalue())
        self.assertTrue(screen.getvalue().endswith("\n"))

    def test_two_threads(self):
        experiment = brownout.Experiment(RANDBET, images=200)
        results = {}

        def work(seed):
            own = brownout.Experiment(RANDBET, images=200, threads=1)
            results[seed] = (experiment.run(rate=0.02, chips=2, seed=seed).rerr,
                             own.run(rate=0.02, chips=2, seed=seed).rerr,
                             brownout.run(RANDBET, "edge-16x16", images=1).cycles)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        cycles = brownout.run(RANDBET, "edge-16x16", images=1).cycles
        for seed in range(4):
            expected = experiment.run(rate=0.02, chips=2, seed=seed).rerr
            self.assertEqual(results[seed], (expected, expected, cycles))

    def test_other_threads_run_meanwhile(self):
        ticks = []
        stop = threading.Event()

        def tick():
            while not stop.wait(0.005):
                ticks.append(1)

        thread = threading.Thread(target=tick)
        thread.start()
        brownout.Experiment(RANDBET, images=2000).run(rate=0.01, chips=2)
        stop.set()
        thread.join()
        self.assertGreater(len(ticks), 5)

    def test_forked_processes(self):
        # All engines ran in this process; a child of it still works, and so does the parent after.
        parent = brownout.Experiment(RANDBET, images=50, engine="float")
        expected = parent.run(rate=0.02, chips=1).rerr
        cycles = brownout.run(RANDBET, "edge-16x16", images=1).cycles
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.close(read)
                again = parent.run(rate=0.02, chips=1).rerr
                anew = brownout.Experiment(RANDBET, images=50, engine="float")
                report = [again, anew.run(rate=0.02, chips=1).rerr,
                          brownout.run(RANDBET, "edge-16x16", images=1).cycles]
                os.write(write, json.dumps(report).encode())
                code = 0
            finally:
                os._exit(code)
        os.close(write)
        with os.fdopen(read) as pipe:
            report = pipe.read()
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        self.assertEqual(json.loads(report), [expected, expected, cycles])
        self.assertEqual(parent.run(rate=0.02, chips=1).rerr, expected)


if __name__ == "__main__":
    import unittest.mock

    unittest.main(verbosity=1)
