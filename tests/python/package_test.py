#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A wheel of this build works in a fresh virtual environment, far from the sources; so does what
CMake installs; and the command is there as a module."""

import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import zipfile

from support import COMMAND, RANDBET, SOURCE, command_json

BUILD = os.environ["BROWNOUT_BUILD"]
FIVE_LINES = """\
import json, brownout
network = brownout.Network.load("fmnist-simplenet16-randbet-8b")
result = brownout.Experiment(network, images=150).run(voltage=0.84, chips=2)
chip = brownout.Chip("chip1-synthetic")
print(json.dumps([result.rerr, brownout.__file__, brownout.Accelerator("edge-16x16").file,
                  chip.voltages[0], brownout.__version__]))
"""


def clean_environment(**more):
    """Without what the tests point to: the package has to be found where it was installed."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BROWNOUT_", "PYTHON"))}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", **more}


def call(*words, **options):
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"{words}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Installed(unittest.TestCase):
    def setUp(self):
        self.expected = command_json("eval", RANDBET, "--images", 150, "--voltage", 0.84,
                                     "--chips", 2)["rerr_mean"]
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def check(self, python, package, shared, **environment):
        """The five lines and the command, run elsewhere."""
        env = clean_environment(**environment)
        rerr, module, accelerator, _, version = json.loads(
            call(python, "-c", FIVE_LINES, cwd=self.folder, env=env))
        self.assertEqual(rerr, self.expected)
        self.assertTrue(module.startswith(str(package)), module)
        self.assertTrue(accelerator.startswith(str(shared)), accelerator)
        self.assertEqual(version, os.environ["BROWNOUT_VERSION"])
        found = call(python, "-m", "brownout", "eval", "fmnist-simplenet16-randbet-8b", "--images",
                     150, "--voltage", 0.84, "--chips", 2, "--json", "-", "--quiet",
                     cwd=self.folder, env=env)
        self.assertEqual(json.loads(found)["rerr_mean"], self.expected)
        failed = subprocess.run([python, "-m", "brownout", "eval", "nothing"], env=env,
                                cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(failed.returncode, 2)
        self.assertIn("brownout: error:", failed.stderr)

    @unittest.skipUnless(importlib.util.find_spec("pip") and importlib.util.find_spec("setuptools")
                         and importlib.util.find_spec("wheel") and importlib.util.find_spec("venv"),
                         "pip, venv, setuptools or wheel is not installed")
    def test_wheel(self):
        wheels = self.folder / "wheels"
        # Of a copy: pip writes beside pyproject.toml.
        source = self.folder / "source"
        source.mkdir()
        for name in ("pyproject.toml", "setup.py", "README.md", "sim", "configs", "models",
                     "profiles"):
            os.symlink(SOURCE / name, source / name)
        (source / "sim").unlink()
        (source / "sim" / "python").mkdir(parents=True)
        os.symlink(SOURCE / "sim/python/brownout", source / "sim/python/brownout")
        call(sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--no-index",
             "-w", wheels, source, env=clean_environment(BROWNOUT_BUILD=BUILD))
        (wheel,) = wheels.iterdir()
        self.assertRegex(wheel.name, r"^brownout-[\d.]+-cp3\d+-cp3\d+-linux_")
        names = zipfile.ZipFile(wheel).namelist()
        for part in (r"brownout/_core\..*\.so", r"brownout/bin/brownout", r"brownout/py\.typed",
                     r"brownout/_core\.pyi", r"brownout/torch\.py",
                     r"brownout/share/brownout/profiles/14nm-finfet\.yaml"):
            self.assertTrue(any(re.fullmatch(part, name) for name in names), part)
        self.assertFalse([n for n in names if "__pycache__" in n or "test" in n])
        environment = self.folder / "env"
        call(sys.executable, "-m", "venv", "--system-site-packages", environment,
             env=clean_environment())
        call(environment / "bin" / "pip", "install", "--no-deps", "--no-index", wheel,
             env=clean_environment())
        package = next(environment.glob("lib/python*/site-packages/brownout"))
        self.check(environment / "bin" / "python", package, package / "share")
        # A console script, which is the command.
        version = call(environment / "bin" / "brownout", "--version", env=clean_environment())
        self.assertEqual(version, call(COMMAND, "--version"))
        call(environment / "bin" / "pip", "uninstall", "-y", "brownout", env=clean_environment())
        self.assertFalse(package.exists())

    def test_cmake_install(self):
        prefix = self.folder / "prefix"
        call("cmake", "--install", BUILD, "--component", "python", "--prefix", prefix)
        (package,) = prefix.glob("**/brownout/__init__.py")
        self.assertEqual(sorted(p.name for p in package.parent.iterdir() if p.suffix != ".so"),
                         sorted(p.name for p in (SOURCE / "sim/python/brownout").iterdir()
                                if p.name != "__pycache__"))
        call("cmake", "--install", BUILD, "--component", "runtime", "--prefix", prefix)
        self.check(sys.executable, package.parent, prefix / "share",
                   PYTHONPATH=str(package.parents[1]))


class Versions(unittest.TestCase):
    def test_one_version(self):
        project = (SOURCE / "pyproject.toml").read_text()
        self.assertIn(f'version = "{os.environ["BROWNOUT_VERSION"]}"', project)


if __name__ == "__main__":
    unittest.main(verbosity=1)
