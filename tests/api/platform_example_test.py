#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The example platform beside the command.

platform_example_test.py PROGRAM COMMAND ACCELERATOR runs examples/systemc-platform on a few images and fails
unless
- it prints what docs/systemc.md shows, of the picture that it has itself;
- the accelerator alone takes the cycles and gives the logits of `brownout run`, to the bit;
- traffic slows it down, more traffic more, and two accelerators slow each other down, with the same
  logits; at a low voltage the logits differ and the cycles do not;
- wrong input ends with one message and exit code 2.
"""
import hashlib
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

NETWORK = "fmnist-simplenet16-randbet-8b"
IMAGES = 3


def fail_unless(condition, message):
    if not condition:
        sys.exit(f"platform_example_test.py: {message}")


def run(*command, expect=0):
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True)
    fail_unless(done.returncode == expect,
                f"exit {done.returncode} of {command}:\n{done.stdout}{done.stderr}")
    return done


def check_page(source, out):
    page = (source / "docs" / "systemc.md").read_text(encoding="utf-8")
    shown = [block for block in re.findall(r"```\n(.*?)```", page, re.DOTALL) if "same logits" in block]
    fail_unless(len(shown) == 1, "docs/systemc.md has no table")
    fail_unless(shown[0] in out, f"docs/systemc.md shows\n{shown[0]}\nthe program prints\n{out}")


def npy(shape, data):
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


def main():
    program, command, accelerator = sys.argv[1:4]
    check_page(pathlib.Path(accelerator).parents[2], run(program, accelerator).stdout)
    with tempfile.TemporaryDirectory(prefix="brownout-platform-") as folder:
        work = pathlib.Path(folder)
        pixels = bytes((i * i // 7 + i) % 256 for i in range(IMAGES * 784))
        (work / "pixels.u8").write_bytes(pixels)
        (work / "images.npy").write_bytes(npy((IMAGES, 28, 28), pixels))
        (work / "mine.yaml").write_text("classes: 10\ntest: {images: images.npy}\n")

        out = run(program, accelerator, NETWORK, work / "pixels.u8", work / "logits.f32").stdout
        rows = [(name.strip(), int(cycles), same) for name, cycles, same in
                re.findall(r"^(\S.*?) {2,}(\d+) +-?[\d.]+ % +\d+ +(yes|no)$", out, re.MULTILINE)]
        fail_unless(len(rows) == 7, out)
        print(out)

        result = json.loads(run(command, "run", NETWORK, "--accelerator", accelerator, "--dataset",
                                work / "mine.yaml", "--json", "-", "--quiet").stdout)
        alone = rows[0][1]
        fail_unless(alone == result["cycles_total"], f"{alone} cycles, the command says {result['cycles_total']}")
        digest = hashlib.sha256((work / "logits.f32").read_bytes()).hexdigest()
        fail_unless(digest == result["logits_sha256"], f"logits {digest}, {result['logits_sha256']}")

        with_traffic = [cycles for name, cycles, _ in rows if name.startswith("a, traffic")]
        fail_unless(len(with_traffic) == 3 and alone < with_traffic[0] < with_traffic[1] < with_traffic[2] and
                    with_traffic[1] > 1.1 * alone,
                    out)
        beside = [cycles for name, cycles, _ in rows if " beside " in name]
        fail_unless(len(beside) == 2 and min(beside) > alone, out)
        fail_unless([same for _, _, same in rows] == ["yes"] * 6 + ["no"], out)
        fail_unless(rows[-1][1] == alone, out)

        (work / "half.u8").write_bytes(pixels[:1000])
        for arguments, message in (
                ((accelerator, NETWORK, work / "half.u8"), "pixels: expected 1 batches"),
                ((accelerator, NETWORK, work / "none.u8"), "expected images of the network"),
                ((accelerator, "no-such-network"), "no-such-network"),
                (("no-such-accelerator",), "no-such-accelerator")):
            error = run(program, *arguments, expect=2).stderr
            lines = [line for line in error.splitlines() if line.startswith("systemc-platform: ")]
            fail_unless(len(lines) == 1 and message in lines[0], error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
