#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time to a mean error that is known to 0.1 points: an adaptive sweep against the published protocol in PyTorch.

The sweep (configs/sweeps/headline-adaptive.yaml) runs as it is. The published protocol evaluates all images on every chip. That takes
days, so it is measured on a few chips: the time of one, and the deviation from chip to chip. The number of chips that the same half
width needs, (1.96 sigma / half width)^2, is an EXTRAPOLATION from these few; a second column uses the deviation that the sweep has
found on thousands of chips, of the network's own quantization, which the PyTorch file does not have.

--reference names a Python file with simplenet(width), load(split), perturbed_copy(model, copy, rate, bits, generator) and
error_rate(model, images, labels, batch). Needs PyTorch, NumPy and onnx. Compare with nothing else running.

  /usr/bin/python3 time_to_precision.py --brownout build/release/brownout --reference FILE.py [--threads 1 2] [--chips 4]
"""
import argparse
import copy
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

# glibc returns large blocks to the system after every batch and faults them in again: eager PyTorch doubles its speed when told not to.
if os.environ.get("MALLOC_MMAP_MAX_") != "0":
    os.environ.update(MALLOC_MMAP_MAX_="0", MALLOC_TRIM_THRESHOLD_=str(1 << 33))
    os.execv(sys.executable, [sys.executable, *sys.argv])

ROOT = pathlib.Path(__file__).resolve().parents[2]
BITS = 8


def run_sweep(brownout, config, threads):
    """Wall time of the command, start and end included, and its result."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
        start = time.perf_counter()
        subprocess.run([brownout, "sweep", config, "--out", folder + "/sweep", "--no-plot", "--quiet", "--threads", str(threads)],
                       check=True, stdout=subprocess.DEVNULL, env=environment)
        seconds = time.perf_counter() - start
        return seconds, json.loads(pathlib.Path(folder, "sweep/sweep.json").read_text(encoding="utf-8"))


def load_weights(file, model):
    """The values of a network's coded parameters, which are in the same order in both. Returns mean and deviation of the input."""
    import onnx
    import torch
    from onnx import numpy_helper
    network = onnx.load(file)
    tensors = {t.name: numpy_helper.to_array(t) for t in network.graph.initializer}
    values = [tensors[name] * tensors[name + "#alpha"] + tensors[name + "#beta"] for name in tensors if name + "#alpha" in tensors]
    parameters = list(model.parameters())
    if len(values) != len(parameters):
        sys.exit(f"{file}: {len(values)} parameters, the reference has {len(parameters)}")
    for value, parameter in zip(values, parameters):
        parameter.data = torch.from_numpy(value.astype("float32").reshape(parameter.shape))
    scaling = json.loads(next(p.value for p in network.metadata_props if p.key == "brownout.input"))
    return scaling["mean"][0], scaling["std"][0]


def measure(reference, file, rate, chips, threads):
    """Seconds a chip, and the errors of a few chips in percent."""
    import torch
    torch.set_num_threads(threads)
    model = reference.simplenet(16)
    mean, std = load_weights(file, model)
    images, labels = reference.load("test")
    images = (images - mean) / std
    shadow = copy.deepcopy(model)

    def timed(batch):
        start = time.perf_counter()
        reference.error_rate(shadow, images[:2000], labels[:2000], batch)
        return time.perf_counter() - start
    timed(500)
    batch = min((16, 64, 500), key=timed)
    errors, seconds = [], []
    for chip in range(chips):
        generator = torch.Generator().manual_seed(chip)
        start = time.perf_counter()
        reference.perturbed_copy(model, shadow, rate, BITS, generator)
        errors.append(reference.error_rate(shadow, images, labels, batch))
        seconds.append(time.perf_counter() - start)
    return min(seconds), errors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brownout", default=str(ROOT / "build/release/brownout"))
    parser.add_argument("--reference", required=True)
    parser.add_argument("--config", default=str(ROOT / "configs/sweeps/headline-adaptive.yaml"))
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, os.cpu_count()}))
    parser.add_argument("--chips", type=int, default=4, help="chips that PyTorch runs of each network")
    args = parser.parse_args()
    import numpy
    import torch
    from pytorch_baseline import blas  # beside this file; refuses the reference BLAS
    print(f"PyTorch {torch.__version__}, {blas()}")
    spec = importlib.util.spec_from_file_location("reference", args.reference)
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    for threads in args.threads:
        ours, result = run_sweep(args.brownout, args.config, threads)
        theirs = {"own": 0.0, "ours": 0.0}
        print(f"{threads} thread(s): the sweep took {ours:.1f} s")
        print(f"{'network':42s} {'RErr %':>8s} {'± points':>8s} {'chips':>7s} {'evaluations':>12s} | PyTorch: {'s/chip':>7s} "
              f"{'sigma':>6s} {'chips':>8s} {'hours':>7s} | {'sigma of the sweep':>18s} {'chips':>8s} {'hours':>7s}")
        models = {m["model"]: m["model_file"] for m in result["models"]}
        for point in result["points"]:
            precision = point["precision"]
            if not precision["reached"]:
                sys.exit(f"{point['model']}: the chips have run out")
            seconds, errors = measure(reference, models[point["model"]], point["rate"], args.chips, threads)
            row = [f"{point['model']:42s} {point['rerr_mean']:8.3f} {precision['half_width_points']:8.3f} {point['chips']:7d} "
                   f"{precision['evaluations']:12d} |          {seconds:7.2f}"]
            for key, sigma in (("own", float(numpy.std(errors, ddof=1))), ("ours", point["rerr_std"] or 0.0)):
                needed = max(2.0, (1.96 * sigma / precision["asked_half_width_points"]) ** 2)
                theirs[key] += needed * seconds
                row.append(f"{sigma:6.2f} {needed:8.0f} {needed * seconds / 3600:7.2f}")
            print(row[0], row[1], "|", " " * 11, row[2], flush=True)
        print(f"extrapolated, PyTorch would take {theirs['own'] / 3600:.1f} hours by its own deviation, {theirs['own'] / ours:.0f} times "
              f"as long; {theirs['ours'] / 3600:.1f} hours by the sweep's, {theirs['ours'] / ours:.0f} times as long\n", flush=True)


if __name__ == "__main__":
    main()
