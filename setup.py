# SPDX-License-Identifier: Apache-2.0
"""Builds the compiled part of the Python package with CMake. Everything else is in pyproject.toml.

Environment:
  BROWNOUT_BUILD       an existing build folder with -DBROWNOUT_WITH_PYTHON=ON for this Python:
                       nothing is compiled, the package is made of what lies there
  BROWNOUT_CMAKE_ARGS  more arguments for CMake, separated by blanks
"""

import os
import pathlib
import shlex
import shutil
import subprocess
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = pathlib.Path(__file__).resolve().parent
# Shared data, found below the folder of the package (sim/base/shipped.cpp).
SHARED = {
    "configs": ("*.yaml", "*.json"),
    "models": ("*.yaml", "*.onnx", "README.md", "scores.json"),
    "profiles": ("*.yaml", "*.h5", "README.md"),
}


def call(*command):
    print("+", shlex.join(map(str, command)), flush=True)
    subprocess.run([str(word) for word in command], check=True)


class CMakeBuild(build_ext):
    """The module, the command and the shared data, as parts of the package."""

    def run(self):
        if self.inplace or getattr(self, "editable_mode", False):
            sys.exit(
                "setup.py: expected no editable installation; `./setup.sh build --python` and "
                "PYTHONPATH=build/release/python are for work on the sources"
            )
        build = os.environ.get("BROWNOUT_BUILD")
        build = pathlib.Path(build).resolve() if build else self.compile()
        package = pathlib.Path(self.build_lib).resolve() / "brownout"
        staging = pathlib.Path(self.build_temp).resolve() / "staging"
        shutil.rmtree(staging, ignore_errors=True)
        call("cmake", "--install", build, "--component", "python", "--prefix", staging, "--strip")
        (module,) = staging.glob("**/brownout/_core.*.so")
        self.copy_file(module, package / module.name)
        (package / "bin").mkdir(parents=True, exist_ok=True)
        self.copy_file(build / "brownout", package / "bin" / "brownout")
        call("strip", package / "bin" / "brownout")
        for folder, patterns in SHARED.items():
            for pattern in patterns:
                for file in sorted((ROOT / folder).rglob(pattern)):
                    place = package / "share" / "brownout" / file.relative_to(ROOT)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    self.copy_file(file, place)

    def compile(self):
        """Configures and compiles what the package needs; again, only what changed."""
        build = ROOT / "build" / f"pip-{sys.implementation.cache_tag}"
        arguments = [
            "-DCMAKE_BUILD_TYPE=Release",
            "-DBROWNOUT_WITH_PYTHON=ON",
            "-DBROWNOUT_WITH_RTL=OFF",
            "-DBROWNOUT_WITH_TESTS=OFF",
            "-DBROWNOUT_WITH_LIBRARY=OFF",
            f"-DBROWNOUT_PYTHON={sys.executable}",
            *shlex.split(os.environ.get("BROWNOUT_CMAKE_ARGS", "")),
        ]
        try:
            import pybind11

            arguments.append(f"-Dpybind11_DIR={pybind11.get_cmake_dir()}")
        except ImportError:
            pass  # CMake finds that of the system
        if shutil.which("ninja"):
            arguments += ["-G", "Ninja"]
        call("cmake", "-S", ROOT, "-B", build, *arguments)
        call("cmake", "--build", build, "--parallel", os.cpu_count() or 1, "--target",
             "brownout_python", "brownout")
        return build

    def get_outputs(self):
        return [str(file) for file in pathlib.Path(self.build_lib).rglob("*") if file.is_file()]


setup(
    # CMake compiles it; the name makes wheels those of one platform and version of Python.
    ext_modules=[Extension("brownout._core", sources=[])],
    cmdclass={"build_ext": CMakeBuild},
)
