#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The package is typed and documented as it is: mypy, stubs against the module, doctests, help()."""

import doctest
import importlib
import inspect
import os
import pathlib
import pkgutil
import pydoc
import subprocess
import sys
import tempfile
import unittest

import brownout
from support import SOURCE


class Types(unittest.TestCase):
    def run_tool(self, *words):
        with tempfile.TemporaryDirectory() as folder:
            # As in pyproject.toml, but for PyTorch's own sources, which take half a minute.
            settings = pathlib.Path(folder) / "mypy.ini"
            settings.write_text("[mypy]\nstrict = True\n[mypy-torch.*]\nfollow_imports = skip\n"
                                "[mypy-IPython.*,pandas.*]\nignore_missing_imports = True\n")
            done = subprocess.run(
                [sys.executable, "-m", *words, "--config-file", settings, "--cache-dir", folder],
                cwd=SOURCE, capture_output=True, text=True,
                env={**os.environ, "MYPYPATH": str(SOURCE / "sim" / "python")})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    @unittest.skipUnless(importlib.util.find_spec("mypy"), "mypy is not installed")
    def test_the_package_is_well_typed(self):
        self.run_tool("mypy", "sim/python/brownout")

    def test_the_stub_has_what_the_module_has(self):
        """Names, classes and numbers of arguments of _core.pyi are those of the module."""
        import ast

        tree = ast.parse((SOURCE / "sim/python/brownout/_core.pyi").read_text())

        def declared(body):
            names = {}
            for node in body:
                if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                    names[node.name] = node
                elif isinstance(node, ast.AnnAssign):
                    names[node.target.id] = node
            return names

        def public(thing):
            return {n for n in vars(thing) if not n.startswith("_")}

        def arguments(function):
            """From the signature that pybind11 puts into the docstring."""
            line = function.__doc__.splitlines()[0]
            inside = line[line.index("(") + 1 : line.rindex(")")]
            depth, count = 0, 1 if inside else 0
            for letter in inside:
                depth += (letter in "[(") - (letter in "])")
                count += letter == "," and depth == 0
            return count

        core = brownout._core
        top = declared(tree.body)
        self.assertEqual({n for n in top if not n.startswith("_")}, public(core))
        for name, node in top.items():
            if isinstance(node, ast.FunctionDef):
                self.assertEqual(len(node.args.args), arguments(getattr(core, name)), name)
            if not isinstance(node, ast.ClassDef):
                continue
            members = declared(node.body)
            cls = getattr(core, name)
            self.assertEqual({n for n in members if not n.startswith("_")}, public(cls), name)
            for member, function in members.items():
                there = inspect.getattr_static(cls, member)
                is_property = any(getattr(d, "id", "") == "property" for d in function.decorator_list)
                self.assertEqual(isinstance(there, property), is_property, f"{name}.{member}")
                if not is_property:
                    count = len(function.args.args) + bool(function.args.vararg)
                    self.assertEqual(count, arguments(getattr(cls, member)), f"{name}.{member}")


class Documentation(unittest.TestCase):
    def test_everything_public_says_what_it_is(self):
        import brownout.torch

        for module in (brownout, brownout.torch):
            for name in module.__all__:
                thing = getattr(module, name)
                self.assertTrue(hasattr(module, name))
                if not (inspect.isclass(thing) or inspect.isfunction(thing)):
                    continue
                self.assertTrue(inspect.getdoc(thing), name)
                if not inspect.isclass(thing):
                    continue
                for member, value in vars(thing).items():
                    if member.startswith("_") or not (callable(value) or isinstance(value, property)):
                        continue
                    self.assertTrue(inspect.getdoc(value), f"{name}.{member}")
        self.assertEqual(brownout.__all__, sorted(brownout.__all__))

    def test_help_reads_well(self):
        page = pydoc.plain(pydoc.render_doc(brownout.Chip.corrupt))
        for part in ("codes", "bits: 'int' = 8", "voltage", "Returns:", "InputError"):
            self.assertIn(part, page)
        page = pydoc.plain(pydoc.render_doc(brownout))
        for part in ("class Chip", "class Experiment", "run(", "sweep(", "Units:"):
            self.assertIn(part, page)
        self.assertNotIn("pybind11", page)
        self.assertEqual(brownout.Chip.__module__, "brownout")

    def test_examples_in_docstrings(self):
        os.chdir(SOURCE)
        tried = 0
        for found in pkgutil.iter_modules(brownout.__path__):
            if found.name in ("_core", "__main__"):
                continue
            module = importlib.import_module(f"brownout.{found.name}")
            import numpy as np

            globs = {**vars(brownout), "np": np}
            # Classes say that they belong to "brownout": find those that were written here.
            finder = doctest.DocTestFinder(exclude_empty=True)
            runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
            for name, thing in vars(module).items():
                if not (inspect.isclass(thing) or inspect.isfunction(thing)):
                    continue
                if inspect.getsourcefile(thing) != module.__file__ if inspect.isfunction(
                        thing) else name not in brownout.__all__:
                    continue
                for test in finder.find(thing, name, module=False, globs=dict(globs)):
                    result = runner.run(test)
                    tried += result.attempted
                    self.assertEqual(result.failed, 0, test.name)
        self.assertGreater(tried, 15)


if __name__ == "__main__":
    import importlib.util

    unittest.main(verbosity=1)
