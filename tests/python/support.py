# SPDX-License-Identifier: Apache-2.0
"""What the tests of the Python package share. CTest sets the environment (CMakeLists.txt)."""

import json
import os
import pathlib
import subprocess
import tempfile

SOURCE = pathlib.Path(os.environ["BROWNOUT_SOURCE"])
COMMAND = os.environ["BROWNOUT_COMMAND"]
RANDBET = str(SOURCE / "models" / "fmnist-simplenet16-randbet-8b.onnx")
SWEEP = """\
models: [{model}]
dataset: fashion-mnist
images: {images}
technology: 14nm-finfet
voltages: [1.0, 0.85, 0.82]
chips: {chips}
"""


def command(*words, check=True, **options):
    """Runs the command `brownout`; its stdout and stderr are texts."""
    done = subprocess.run([COMMAND, *map(str, words)], capture_output=True, text=True, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"brownout {words}: exit code {done.returncode}\n{done.stderr}")
    return done


def command_json(*words):
    """The JSON that a command writes."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "out.json"
        command(*words, "--json", file, "--quiet")
        return json.loads(file.read_text())


def without_times(fields):
    """A result without what differs from run to run."""
    timing = ("seconds", "images_per_s", "wall_s", "simulated_cycles_per_s", "per_second")
    if isinstance(fields, dict):
        return {k: without_times(v) for k, v in fields.items() if k not in timing}
    if isinstance(fields, list):
        return [without_times(item) for item in fields]
    return fields
