#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The baseline of the speed ratios: the same work in eager PyTorch on the CPU, run well.

Best batch size, tuned allocator, torch.no_grad for evaluation. Prints one JSON object:
images/s of evaluation, of a quantization-aware and of a RandBET training step, and the Mbit/s of
drawing and applying random bit errors. Needs PyTorch and NumPy; random images suffice.

  python3 pytorch_baseline.py --net simplenet16|simplenet32|vgg3 --threads 1 [--parts eval,inject,train]
"""
import argparse
import copy
import ctypes
import json
import os
import re
import sys
import time

# glibc returns large blocks to the system after every batch and faults them in again: eager PyTorch
# on the CPU doubles its speed when told not to.
if os.environ.get("MALLOC_MMAP_MAX_") != "0":
    os.environ.update(MALLOC_MMAP_MAX_="0", MALLOC_TRIM_THRESHOLD_=str(1 << 33))
    os.execv(sys.executable, [sys.executable, *sys.argv])

import torch
import torch.nn.functional as F
from torch import nn



def blas():
    """The name of the BLAS that PyTorch calls; an OpenBLAS that does not know this processor is told
    once what it can do, as brownout-train does. The reference BLAS is refused: its plain loops are
    about ten times slower than what anybody trains on."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        files = {line.split(None, 5)[5].strip() for line in maps if ".so" in line}
    openblas = [f for f in files if os.path.basename(f).startswith("libopenblas")]
    if openblas:
        library = ctypes.CDLL(openblas[0])
        library.openblas_get_corename.restype = ctypes.c_char_p
        core = library.openblas_get_corename().decode()
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            flags = next((line for line in info if line.startswith("flags")), "").split()
        wide = all(f in flags for f in ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"))
        better = "SkylakeX" if wide else "Haswell" if "avx2" in flags and "fma" in flags else ""
        if core == "Prescott" and better and "OPENBLAS_CORETYPE" not in os.environ:
            os.environ["OPENBLAS_CORETYPE"] = better
            os.execv(sys.executable, [sys.executable, *sys.argv])
        return f"OpenBLAS {core}"
    if any(re.match(r"lib(mkl|blis|atlas)", os.path.basename(f)) for f in files):
        return "MKL, BLIS or ATLAS"
    if any(os.path.basename(f).startswith("libblas.so") for f in files):
        sys.exit("PyTorch calls the reference BLAS here, about ten times slower than OpenBLAS: a "
                 "ratio against it says nothing. Install libopenblas0-pthread.")
    return "built into PyTorch"


BITS = 8
HALF = 2 ** (BITS - 1)


class GroupNorm(nn.GroupNorm):
    """Scale 1 + weight."""

    def __init__(self, channels):
        super().__init__(next(g for g in (min(k, channels // 2) for k in (32, 24, 16, 8))
                              if channels % g == 0), channels)
        nn.init.zeros_(self.weight)

    def forward(self, x):
        return F.group_norm(x, self.num_groups, 1 + self.weight, self.bias, self.eps)


def block(cin, cout, kernel=3):
    return [nn.Conv2d(cin, cout, kernel, padding=kernel // 2), GroupNorm(cout), nn.ReLU()]


def simplenet(c):
    layers = block(1, c) + block(c, 2 * c) + block(2 * c, 2 * c) + block(2 * c, 2 * c)
    layers += [nn.MaxPool2d(2)] + block(2 * c, 2 * c) + block(2 * c, 2 * c) + block(2 * c, 4 * c)
    layers += [nn.MaxPool2d(2)] + block(4 * c, 8 * c) + block(8 * c, 32 * c, 1)
    layers += block(32 * c, 4 * c, 1) + [nn.MaxPool2d(2)] + block(4 * c, 4 * c)
    return nn.Sequential(*layers, nn.MaxPool2d(3), nn.Flatten(), nn.Linear(4 * c, 10))


def vgg3():
    return nn.Sequential(
        nn.Conv2d(1, 64, 3, padding=1), nn.MaxPool2d(2), GroupNorm(64), nn.ReLU(),
        nn.Conv2d(64, 64, 3, padding=1), nn.MaxPool2d(2), GroupNorm(64), nn.ReLU(),
        nn.Flatten(), nn.Linear(3136, 2048), nn.ReLU(), nn.Linear(2048, 10))


NETS = {"simplenet16": lambda: simplenet(16), "simplenet32": lambda: simplenet(32), "vgg3": vgg3}


def encode(w):
    lo, hi = w.min(), w.max()
    code = torch.round(((w - lo) / (hi - lo + 1e-12) * 2 - 1) * (HALF - 1)) + HALF
    return code.to(torch.uint8), lo, hi


def decode(code, lo, hi):
    return (code.float().clamp_(min=1) - HALF) * ((hi - lo) / (2 * HALF - 2)) + (hi + lo) / 2


def copy_quantized(model, shadow, rate, generator):
    """The weights of `shadow` become those of `model`, quantized and with random bits flipped."""
    bit = (2 ** torch.arange(BITS, dtype=torch.int32)).to(torch.uint8)
    for source, target in zip(model.parameters(), shadow.parameters()):
        code, lo, hi = encode(source.data)
        if rate > 0:
            hit = torch.rand(*code.shape, BITS, generator=generator) < rate
            code = code ^ (hit.to(torch.uint8) * bit).sum(-1).to(torch.uint8)
        target.data = decode(code, lo, hi)
        target.grad = None


def step(model, shadow, optimizer, x, y, randbet, generator):
    for w in model.parameters():
        w.data.clamp_(-0.1, 0.1)
    copy_quantized(model, shadow, 0, generator)
    F.cross_entropy(shadow(x), y).backward()
    gradients = [w.grad.clone() for w in shadow.parameters()]
    if randbet:
        copy_quantized(model, shadow, 0.01, generator)
        F.cross_entropy(shadow(x), y).backward()
        gradients = [(g + w.grad.clamp(-0.05, 0.05)) / 2
                     for g, w in zip(gradients, shadow.parameters())]
    for w, g in zip(model.parameters(), gradients):
        w.grad = g
    optimizer.step()


@torch.no_grad()
def evaluate(model, x, batch):
    for i in range(0, len(x), batch):
        model(x[i:i + batch]).argmax(1)


def seconds(call, repeat):
    """Best of `repeat` runs after a warm-up: processor time of one thread, so that a busy machine
    matters little, wall time of more."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    call()
    best = float("inf")
    for _ in range(repeat):
        start = clock()
        call()
        best = min(best, clock() - start)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--net", choices=NETS, default="simplenet16")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--parts", default="eval,inject,train")
    args = parser.parse_args()
    library = blas()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    model = NETS[args.net]()
    shadow = copy.deepcopy(model)
    weights = sum(w.numel() for w in model.parameters())
    x, y = torch.rand(1000, 1, 28, 28), torch.randint(0, 10, (128,))
    result = {"net": args.net, "weights": weights, "threads": args.threads,
              "torch": torch.__version__, "blas": library}
    if "inject" in args.parts:
        result["inject_mbit_per_s"] = weights * BITS / 1e6 / seconds(
            lambda: copy_quantized(model, shadow, 0.01, generator), args.repeat)
    if "eval" in args.parts:
        result["eval_images_per_s"] = len(x) / min(
            seconds(lambda: evaluate(model, x, b), args.repeat) for b in (16, 64, 500))
    if "train" in args.parts:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0, momentum=0.9, nesterov=True)
        for key, randbet in (("qat_images_per_s", False), ("randbet_images_per_s", True)):
            result[key] = 128 / seconds(
                lambda: step(model, shadow, optimizer, x[:128], y, randbet, generator), args.repeat)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
