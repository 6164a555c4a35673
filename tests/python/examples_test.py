#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The examples run: README's, those of docs/python.md as printed, the scripts, the notebook."""

import contextlib
import doctest
import importlib.util
import io
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

from support import SOURCE, command_json

EXAMPLES = SOURCE / "examples" / "python"


def blocks(file, language):
    """The fenced blocks of a Markdown page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", file.read_text(encoding="utf-8"), re.M | re.S)


def installed(*modules):
    return all(importlib.util.find_spec(module) for module in modules)


class Pages(unittest.TestCase):
    def test_readme(self):
        (block,) = [b for b in blocks(SOURCE / "README.md", "python") if "import brownout" in b]
        self.assertLessEqual(len([line for line in block.splitlines() if line]), 5)
        printed = io.StringIO()
        with changed(SOURCE), contextlib.redirect_stdout(printed):
            names = {}
            exec(compile(block, "README.md", "exec"), names)  # noqa: S102
        (shown,) = re.findall(r"print\(.*\)\s*# (.*)", block)
        self.assertEqual(printed.getvalue().strip(), shown)
        # The command that README names beside it gives the same, to the digit.
        voltage = re.search(r"voltage=([\d.]+)", block).group(1)
        chips = re.search(r"chips=(\d+)", block).group(1)
        model = re.search(r'"(models/[^"]+)"', block).group(1)
        images = re.search(r"images=(\d+)", block).group(1)
        expected = command_json("eval", SOURCE / model, "--images", images, "--voltage", voltage,
                                "--chips", chips)
        self.assertEqual(names["result"].rerr, expected["rerr_mean"])

    @unittest.skipUnless(installed("torch", "pandas"), "PyTorch or pandas is not installed")
    def test_the_page(self):
        page = SOURCE / "docs" / "python.md"
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        parser = doctest.DocTestParser()
        names = {}
        tried = failed = 0
        with tempfile.TemporaryDirectory() as folder, changed(folder):
            for linked in ("models", "profiles", "configs"):
                os.symlink(SOURCE / linked, linked)
            for number, block in enumerate(blocks(page, "pycon")):
                test = parser.get_doctest(block, names, f"python.md, block {number}", None, None)
                test.globs = names  # every block goes on where the last one ended
                result = runner.run(test, clear_globs=False)
                tried += result.attempted
                failed += result.failed
        self.assertEqual(failed, 0)
        self.assertGreater(tried, 30)

    def test_loops_of_the_page_run(self):
        """The training loops, with a model and a few batches in place of the reader's own."""
        if not installed("torch"):
            self.skipTest("PyTorch is not installed")
        import torch

        tried = 0
        for block in blocks(SOURCE / "docs" / "python.md", "python"):
            torch.manual_seed(0)
            model = torch.nn.Linear(6, 3)
            names = {
                "brownout": __import__("brownout.torch"), "model": model,
                "criterion": torch.nn.CrossEntropyLoss(),
                "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
                "loader": [(torch.randn(4, 6), torch.tensor([0, 1, 2, 0])) for _ in range(3)]}
            before = model.weight.detach().clone()
            exec(compile(block, "python.md", "exec"), names)  # noqa: S102
            self.assertFalse(torch.equal(before, model.weight))
            tried += 1
        self.assertEqual(tried, 2)


class Scripts(unittest.TestCase):
    def run_script(self, name, *words):
        """What the script prints; its picture is an SVG file."""
        with tempfile.TemporaryDirectory() as folder:
            picture = pathlib.Path(folder) / "picture.svg"
            done = subprocess.run([sys.executable, EXAMPLES / name, picture, *words],
                                  capture_output=True, text=True, cwd=folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            root = xml.etree.ElementTree.parse(picture).getroot()
            self.assertTrue(root.tag.endswith("svg"))
            self.assertEqual(list(pathlib.Path(folder).iterdir()), [picture])
        committed = EXAMPLES / name.replace(".py", ".svg")
        self.assertTrue(
            xml.etree.ElementTree.parse(committed).getroot().tag.endswith("svg"))
        return done.stdout.splitlines()

    @unittest.skipUnless(installed("matplotlib"), "matplotlib is not installed")
    def test_fault_maps(self):
        lines = self.run_script("fault_maps.py")
        self.assertEqual(len(lines), 1 + 4 * 3)
        cells = [int(line[18:].split()[1]) for line in lines[1:]]
        for chip in range(4):
            self.assertLess(cells[3 * chip], cells[3 * chip + 2])

    @unittest.skipUnless(installed("matplotlib"), "matplotlib is not installed")
    def test_error_over_voltage(self):
        lines = self.run_script("error_over_voltage.py", "150")
        usual, randbet = (
            [float(m) for m in column]
            for column in zip(*(re.findall(r"([\d.]+) ±", line) for line in lines[1:])))
        self.assertEqual(len(usual), 8)
        low = 5  # 0.82 Vmin
        self.assertLess(randbet[low], usual[low] / 3)

    @unittest.skipUnless(installed("matplotlib"), "matplotlib is not installed")
    def test_energy_by_part(self):
        lines = self.run_script("energy_by_part.py")
        energy = [float(line.split()[2]) for line in lines[1:]]
        self.assertEqual(energy, sorted(energy, reverse=True))
        self.assertEqual(len({line.split()[1] for line in lines[1:]}), 1)  # cycles stay

    @unittest.skipUnless(installed("matplotlib", "torch"), "PyTorch or matplotlib is not installed")
    def test_training(self):
        lines = self.run_script("train_randbet.py", "--images", "1500", "--epochs", "2",
                                "--chips", "2")
        rows = {line[:17].strip(): [float(n) for n in line[17:].split()] for line in lines[1:]}
        self.assertEqual(set(rows), {"as usual", "RandBET, 3 %", "PattBET, chip 1"})
        for row in rows.values():
            self.assertEqual(len(row), 8)
            self.assertLess(row[0], 60.0)  # it learned something


class Notebook(unittest.TestCase):
    @unittest.skipUnless(installed("nbclient", "ipykernel", "matplotlib", "pandas"),
                         "nbclient, ipykernel, matplotlib or pandas is not installed")
    def test_it_prints_what_it_shows(self):
        import nbclient
        import nbformat

        file = EXAMPLES / "first_steps.ipynb"
        notebook = nbformat.read(file, as_version=4)
        shown = [printed(cell) for cell in notebook.cells if cell.cell_type == "code"]
        with tempfile.TemporaryDirectory() as folder:
            os.environ.pop("MPLBACKEND", None)  # pictures go into the notebook
            os.environ["JUPYTER_RUNTIME_DIR"] = os.environ["IPYTHONDIR"] = folder
            for linked in ("models", "profiles", "configs"):
                os.symlink(SOURCE / linked, pathlib.Path(folder) / linked)
            nbclient.NotebookClient(
                notebook, timeout=300, kernel_name="python3",
                resources={"metadata": {"path": folder}}).execute()
        got = [printed(cell) for cell in notebook.cells if cell.cell_type == "code"]
        self.assertGreater(sum(bool(text) for text in got), 3)
        if os.environ.get("BROWNOUT_REFRESH_NOTEBOOK"):
            for cell in notebook.cells:
                cell.get("metadata", {}).pop("execution", None)  # times
            nbformat.write(notebook, file)
            return
        self.assertEqual(got, shown)
        # The results are tables there, and pictures are pictures.
        data = [output.get("data", {}) for cell in notebook.cells if cell.cell_type == "code"
                for output in cell.outputs]
        self.assertTrue(any("text/html" in d for d in data))
        self.assertTrue(any("image/png" in d for d in data))


def printed(cell):
    """What a cell prints on stdout."""
    return "".join(o.text for o in cell.outputs
                   if o.output_type == "stream" and o.name == "stdout")


@contextlib.contextmanager
def changed(folder):
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


if __name__ == "__main__":
    unittest.main(verbosity=1)
