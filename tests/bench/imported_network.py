#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Images a second of an imported network of ImageNet's size against PyTorch in fp32, in one run.

usage:
  python3 tests/bench/imported_network.py [--network resnet18] [--build build/release] [--threads 1] [--rounds 3]
Needs python3-torchvision and python3-onnx, with a PyTorch on OpenBLAS or MKL. PyTorch runs eager, without gradients,
at the best of several batch sizes and with a tuned allocator. Both sides take turns; the ratio is that of the medians.
The time of the import is printed as well.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

if os.environ.get("MALLOC_MMAP_MAX_") != "0":  # glibc gives large blocks back after every batch
    os.environ.update(MALLOC_MMAP_MAX_="0", MALLOC_TRIM_THRESHOLD_=str(1 << 33))
    os.execv(sys.executable, [sys.executable, *sys.argv])

import torch
import torchvision

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def pytorch_rate(model, batch, seconds=4.0):
    x = torch.rand(batch, 3, 224, 224)
    with torch.no_grad():
        model(x)
        start, images = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            model(x)
            images += batch
    return images / (time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--network", default="resnet18")
    parser.add_argument("--build", default=str(ROOT / "build" / "release"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    blas = torch.__config__.show()
    torch.set_num_threads(options.threads)
    program = str(pathlib.Path(options.build) / "brownout")
    model = getattr(torchvision.models, options.network)(weights=None).eval()

    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, str(ROOT / "examples/own-network/imagenet_size.py"),
                        options.network, folder], check=True, stderr=subprocess.DEVNULL)
        network = f"{folder}/codes.onnx"
        start = time.perf_counter()
        subprocess.run([program, "model", "import", f"{folder}/{options.network}.onnx", "--calibrate",
                        f"{folder}/data.yaml", "--images", "16", "--test-images", "16", "--per-channel",
                        "--scheme", "symmetric", "--threads", str(options.threads), "--quiet",
                        "--out", network], check=True, stdout=subprocess.DEVNULL)
        imported = time.perf_counter() - start

        def brownout_rate():
            out = subprocess.run([program, "eval", network, "--dataset", f"{folder}/data.yaml",
                                  "--threads", str(options.threads), "--quiet", "--json", "-"],
                                 check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
            return json.loads(out)["images_per_s"]

        batches = [1, 4, 16]
        best = max(batches, key=lambda batch: pytorch_rate(model, batch, 2.0))
        ours, theirs = [], []
        for _ in range(options.rounds):
            theirs.append(pytorch_rate(model, best))
            ours.append(brownout_rate())
    print(f"{options.network} at 224x224, {options.threads} thread(s): brownout "
          f"{statistics.median(ours):.1f} images/s, PyTorch {torch.__version__} (batch {best}, "
          f"{'MKL' if 'math kernel library' in blas.lower() else 'system BLAS'}) {statistics.median(theirs):.1f}; "
          f"ratio {statistics.median(ours) / statistics.median(theirs):.2f}; import {imported:.1f} s")


main()
