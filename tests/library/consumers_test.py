#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs of others against an installed Brownout.

consumers_test.py SOURCE_FOLDER BUILD_FOLDER installs the components runtime and development into a
temporary prefix, moves the prefix, and fails, saying where, unless
- each public header compiles alone, with the installed headers only, by every compiler found;
- libbrownout.so has its version in its name, links neither SystemC nor anything by an absolute path,
  and no text file of the installation names the source or the build folder;
- the examples build by find_package and by pkg-config, print what the command prints, and find the
  shared data of the moved installation (the platform in SystemC too);
- a wrong request for the package, and wrong input, end with one clear message.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]
NETWORK = "fmnist-simplenet16-randbet-8b"


def fail_unless(condition, message):
    if not condition:
        sys.exit(f"consumers_test.py: {message}")


def run(*command, cwd=None, env=None, expect=0):
    """Output of a command, stdout and stderr together; its exit code must be `expect`."""
    done = subprocess.run([str(word) for word in command], cwd=cwd, env=env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    fail_unless(done.returncode == expect, f"exit {done.returncode} of {command}:\n{done.stdout}")
    return done.stdout


def compilers():
    found = [name for name in ("g++", "clang++") if shutil.which(name)]
    fail_unless(found, "no compiler found")
    return found


class Installation:
    """A prefix that was moved after the files were installed."""

    def __init__(self, source, build, work):
        self.source, self.build, self.work = source, build, work
        first = work / "first"
        for component in ("runtime", "development"):
            run("cmake", "--install", build, "--prefix", first, "--component", component)
        self.prefix = work / "moved" / "there"
        self.prefix.parent.mkdir()
        first.rename(self.prefix)
        libraries = list(self.prefix.rglob("libbrownout.so"))
        fail_unless(len(libraries) == 1, f"libbrownout.so: found {libraries}")
        self.libraries = libraries[0].parent
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith("BROWNOUT")}
        self.environment["PKG_CONFIG_PATH"] = str(self.libraries / "pkgconfig")
        self.environment["LD_LIBRARY_PATH"] = str(self.libraries)

    def headers(self):
        return sorted((self.prefix / "include" / "brownout").glob("*.hpp"))

    def build_example(self, name, *settings, expect=0):
        folder = self.work / "examples" / name
        out = run("cmake", "-S", self.source / "examples" / name, "-B", folder, "-G", "Ninja",
                  f"-DCMAKE_PREFIX_PATH={self.prefix}", *settings, env=self.environment, expect=expect)
        return out if expect else run("cmake", "--build", folder, env=self.environment)

    def run_example(self, name, *arguments, expect=0):
        # Where it runs there is nothing of Brownout, and nothing says where the libraries are but
        # what the build put into the program.
        empty = self.work / "empty"
        empty.mkdir(exist_ok=True)
        environment = dict(self.environment)
        del environment["LD_LIBRARY_PATH"]
        return run(self.work / "examples" / name / name, *arguments, cwd=empty, env=environment,
                   expect=expect)


def check_headers(installation):
    with_systemc = subprocess.run(["pkg-config", "--exists", "systemc"]).returncode == 0
    own = {f"brownout/{header.name}" for header in installation.headers()}
    fail_unless(len(own) >= 8, f"only {sorted(own)} are installed")
    for header in installation.headers():
        for name in re.findall(r'#include "([^"]+)"', header.read_text(encoding="utf-8")):
            fail_unless(name in own, f"{header}: includes {name}, which is not public")
        if header.name == "systemc.hpp" and not with_systemc:
            continue
        unit = installation.work / "header.cpp"
        unit.write_text(f'#include "brownout/{header.name}"\n#include "brownout/{header.name}"\n')
        for compiler in compilers():
            run(compiler, "-std=c++17", "-fsyntax-only", *WARNINGS,
                "-I", installation.prefix / "include", unit)


def check_libraries(installation):
    library = installation.libraries / "libbrownout.so"
    dynamic = run("readelf", "-d", library)
    names = re.findall(r"\((NEEDED|SONAME|RPATH|RUNPATH)\).*\[(.*)\]", dynamic)
    fail_unless(("SONAME", "libbrownout.so.0.1") in names, f"{library}: {names}")
    needed = [name for kind, name in names if kind == "NEEDED"]
    fail_unless(not any("systemc" in name or "/" in name for name in needed), f"{library}: {needed}")
    fail_unless(not any("PATH" in kind for kind, _ in names), f"{library}: {names}")
    for symbol in run("nm", "-DC", "--defined-only", library).splitlines():
        name = symbol.split(maxsplit=2)[2]
        fail_unless("brownout::" in name, f"{library}: exports {name}")
    other = installation.libraries / "libbrownout-systemc.so"
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", other))
    fail_unless("libbrownout.so.0.1" in needed and any("systemc-" in name for name in needed),
                f"{other}: {needed}")
    fail_unless("brownout::mapping::compile" not in run("nm", "-DC", "--defined-only", other),
                f"{other}: has rooms of libbrownout.so once more")
    for path in installation.prefix.rglob("*"):
        if path.suffix not in (".cmake", ".pc", ".hpp", ".yaml"):
            continue
        text = path.read_text(encoding="utf-8")
        for folder in (installation.source, installation.build, installation.work / "first"):
            fail_unless(f"{folder}/" not in text, f"{path}: names {folder}")


def check_corrupt(installation):
    installation.build_example("corrupt-a-buffer")
    out = installation.run_example("corrupt-a-buffer", "random:7", "0.84")
    hit = re.search(r"(\d+) faulty cells among 8000000, (\d+) bits read wrong", out)
    rate = re.search(r"bit error rate (0\.\d+)", out)
    fail_unless(hit and rate, out)
    expected = 8e6 * float(rate.group(1))
    fail_unless(hit.group(1) == hit.group(2), out)  # every faulty cell of a random chip flips
    fail_unless(abs(int(hit.group(1)) - expected) < 6 * expected ** 0.5, out)
    fail_unless(out == installation.run_example("corrupt-a-buffer", "random:7", "0.84"), out)
    for arguments, message in ((("rnd:7", "0.84"), 'chip "rnd:7": expected random:SEED'),
                               (("random:7", "0.1"), "expected a voltage in"),
                               (("random:7", "nan"), "nan")):
        out = installation.run_example("corrupt-a-buffer", *arguments, expect=2)
        fail_unless(message in out, f"{message} is not in:\n{out}")


def check_evaluation(installation):
    installation.build_example("evaluate-chips")
    out = installation.run_example("evaluate-chips", NETWORK, "4", "200")
    lines = re.findall(r"at ([\d.]+) Vmin: error ([\d.]+) %, on 4 chips ([\d.]+) %", out)
    fail_unless(len(lines) == 3, out)
    command = installation.prefix / "bin" / "brownout"
    for voltage, clean, on_chips in lines:
        result = json.loads(run(command, "eval", NETWORK, "--voltage", voltage, "--chips", "4",
                                "--images", "200", "--json", "-", "--quiet",
                                env=installation.environment))
        expected = (f"{result['err']:.10g}", f"{result['rerr_mean']:.10g}")
        fail_unless((clean, on_chips) == expected,
                    f"at {voltage} Vmin: {clean} %, {on_chips} %; the command: {expected}")
        fail_unless(str(installation.prefix) in result["model_file"], result["model_file"])
    fail_unless(float(lines[0][2]) < float(lines[2][2]), out)


def check_pkg_config(installation):
    folder = installation.work / "examples" / "faulty-memory"
    shutil.copytree(installation.source / "examples" / "faulty-memory", folder)
    for compiler in compilers():
        run("make", "-B", f"CXX={compiler}", f"LDFLAGS=-Wl,-rpath,{installation.libraries}",
            f"CXXFLAGS={' '.join(WARNINGS)}", cwd=folder, env=installation.environment)
        out = installation.run_example("faulty-memory")
        wrong = [int(count) for count in re.findall(r"Vmin: (\d+) of 4096", out)]
        fail_unless(len(wrong) == 4 and wrong[0] == 0 and wrong == sorted(wrong) and wrong[3] > 0, out)
    version = run("pkg-config", "--modversion", "brownout", env=installation.environment).strip()
    fail_unless(version.startswith("0.1."), version)


def check_systemc(installation):
    installation.build_example("systemc-platform")
    source = installation.source / "examples" / "systemc-platform"
    environment = dict(installation.environment)
    del environment["LD_LIBRARY_PATH"]
    program = installation.work / "examples" / "systemc-platform" / "systemc-platform"

    def run_platform():
        run(sys.executable, installation.source / "tests" / "api" / "platform_example_test.py", program,
            installation.prefix / "bin" / "brownout", source / "accelerator.yaml", env=environment)

    run_platform()
    flags = run("pkg-config", "--cflags", "--libs", "brownout-systemc", env=installation.environment)
    run("g++", "-std=c++17", *WARNINGS, source / "main.cpp", "-o", program, *flags.split(),
        f"-Wl,-rpath,{installation.libraries}")
    run_platform()


def check_requests(installation):
    """find_package for what there is not."""
    folder = installation.work / "request"
    folder.mkdir()
    for request, message in (("Brownout 0.2 REQUIRED", "0.2"),
                             ("Brownout REQUIRED COMPONENTS no-such", "no-such")):
        (folder / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.16)\nproject(request LANGUAGES CXX)\n"
            f"find_package({request})\n")
        out = run("cmake", "-S", folder, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={installation.prefix}",
                  env=installation.environment, expect=1)
        fail_unless(message in out, f"{request}: {message} is not in:\n{out}")


def main():
    source, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    with tempfile.TemporaryDirectory(prefix="brownout-library-") as work:
        installation = Installation(source, build, pathlib.Path(work))
        for check in (check_headers, check_libraries, check_corrupt, check_evaluation,
                      check_systemc, check_pkg_config, check_requests):
            check(installation)
            print(f"{check.__name__}: passed", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
