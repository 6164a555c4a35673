#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rtl/brownout.core names the files that are there: core_file_test.py SOURCE_FOLDER VERSION

Its lists equal files.f, simulation/files.f, the waivers and the files of the example job; the
parameters of its simulation are those of the job. Exit 77 without python3-yaml.
"""
import json
import pathlib
import sys

try:
    import yaml
except ImportError:
    print("no python3-yaml")
    sys.exit(77)

root = pathlib.Path(sys.argv[1]) / "rtl"
text = (root / "brownout.core").read_text(encoding="utf-8")
failures = []


def expect(what, found, wanted):
    if found != wanted:
        failures.append(f"{what}: expected {wanted}, found {found}")


def listed(name):
    lines = (root / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("//")]


# The first line is a key without a value of YAML's own: "CAPI=2:".
expect("first line", text.splitlines()[0], "CAPI=2:")
core = yaml.safe_load(text)
expect("keys", set(core), {"CAPI=2", "name", "description", "filesets", "targets", "parameters"})
expect("name", core["name"], f"::brownout:{sys.argv[2]}")

files = {}  # by set of files: name, or the one that its copy gets
for name, fileset in core["filesets"].items():
    files[name] = []
    for entry in fileset["files"]:
        path, options = (entry, {}) if isinstance(entry, str) else next(iter(entry.items()))
        files[name].append(path)
        if not (root / path).is_file():
            failures.append(f"{name}: {path} is not there")
        if "copyto" in options:
            expect("copy of " + path, options["copyto"], pathlib.Path(path).name)

expect("the package", files["rtl"][0], "word_code.sv")
expect("files.f", sorted(files["rtl"] + files["assertions"]), sorted(listed("files.f")))
expect("simulation/files.f", files["simulation"], listed("simulation/files.f"))
expect("waivers", sorted(files["waivers"]), sorted(path.name for path in root.glob("*.vlt")))
expect("waivers of the simulation", sorted(files["simulation_waivers"]),
       sorted(f"simulation/{path.name}" for path in (root / "simulation").glob("*.vlt")))
expect("example", sorted(files["example"]),
       sorted(f"simulation/example/{path.name}" for path in (root / "simulation/example").glob("*.mem")))

expect("targets", set(core["targets"]), {"default", "sim", "lint", "synth"})
for name, target in core["targets"].items():
    for fileset in target["filesets"]:
        used = fileset.split("(")[-1].rstrip(")")
        if used not in files:
            failures.append(f"{name}: no set of files is called {used}")
    module = root / ("simulation" if target["toplevel"] == "replay" else "") / f"{target['toplevel']}.sv"
    expect(f"{name}: {module} is there", module.is_file(), True)
    for parameter in target.get("parameters", []):
        if parameter.split("=")[0] not in core["parameters"]:
            failures.append(f"{name}: parameter {parameter} is not declared")
manifest = json.loads((root / "simulation/example/manifest.json").read_text(encoding="utf-8"))
given = dict(parameter.split("=") for parameter in core["targets"]["sim"]["parameters"])
for name, value in manifest["parameters"].items():
    expect(f"sim: {name}", given.get(name), str(value))
expect("define", given.get(manifest["define"]), "true")

for failure in failures:
    print(f"brownout.core: {failure}")
sys.exit(1 if failures else 0)
