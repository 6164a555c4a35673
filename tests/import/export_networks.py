#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports networks of PyTorch as ONNX files, with images and the logits that PyTorch computes.

usage: export_networks.py FOLDER COUNT NAME...
A NAME is a network of torchvision (random weights, 3 x 224 x 224), one of small_networks.py, or
"small" for all of those. Of each: FOLDER/NAME.onnx, NAME.images (COUNT images, u8, NHWC) and
NAME.logits (fp32). The networks read (pixel/255 - 0.45)/0.25. Everything is seeded. Exit 77 where a
package is missing.
"""
import pathlib
import sys
import warnings
import zlib

try:
    import numpy as np
    import onnx  # noqa: F401  (the files are for those who have it)
    import torch
    from small_networks import SMALL
except ImportError as error:
    print(f"{error}: install python3-torch and python3-onnx")
    sys.exit(77)
try:
    import torchvision  # only its own networks need it
except ImportError:
    torchvision = None


def make(name):
    """The module, and the extent of its images."""
    if name in SMALL:
        return SMALL[name](), 32
    if torchvision is None:
        print("install python3-torchvision")
        sys.exit(77)
    more = {"init_weights": False, "aux_logits": False} if name == "googlenet" else {}
    return getattr(torchvision.models, name)(weights=None, **more), 224


def random_pixels(count, extent):
    """Coarse blotches and noise at several brightnesses, so that images differ in every scale."""
    coarse = torch.nn.functional.interpolate(torch.rand(count, 3, 8, 8), size=extent)
    level = torch.rand(count, 3, 1, 1)
    noise = 0.2 * torch.randn(count, 3, extent, extent)
    pixels = (0.5 * coarse + 0.7 * level + noise).clamp(0, 1) * 255
    return pixels.round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def numbers_of(pixels):
    return ((pixels.float() / 255 - 0.45) / 0.25).permute(0, 3, 1, 2).contiguous()


def randomize(module):
    """Weights that keep numbers large, and biases and norms that differ from 0 and 1. Fresh weights
    of PyTorch would let the differences between images fade away."""
    for part in module.modules():
        if isinstance(part, (torch.nn.Conv2d, torch.nn.Linear)):
            torch.nn.init.kaiming_normal_(part.weight)
            if part.bias is not None:
                torch.nn.init.normal_(part.bias, 0, 0.3)
        if isinstance(part, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
            part.momentum = None  # statistics are the mean of all that is seen
            torch.nn.init.uniform_(part.weight, 0.5, 1.5)
            torch.nn.init.normal_(part.bias, 0, 0.3)


def settle_norms(module, extent):
    """Batch norms see images a few times, so that their statistics are those of real numbers."""
    module.train()
    with torch.no_grad():
        for _ in range(3):
            module(numbers_of(random_pixels(4, extent)))
    module.eval()


def without_softmax(module):
    """What is predicted is the same; the import leaves it out."""
    if isinstance(module, torch.nn.Sequential) and isinstance(module[-1], torch.nn.LogSoftmax):
        return module[:-1]
    return module


def write(module, pixels, stem, join_norms):
    """The exporter joins batch norms to convolutions and folds constants, or does neither."""
    mode = torch.onnx.TrainingMode.EVAL if join_norms else torch.onnx.TrainingMode.PRESERVE
    numbers = numbers_of(pixels)
    torch.onnx.export(
        module, numbers[:1], f"{stem}.onnx", opset_version=13, input_names=["image"],
        output_names=["logits"], dynamic_axes={"image": {0: "n"}, "logits": {0: "n"}},
        training=mode, do_constant_folding=join_norms)  # fmt: skip
    with torch.no_grad():
        logits = torch.cat([without_softmax(module)(image[None]) for image in numbers])
    pixels.numpy().tofile(f"{stem}.images")
    logits.numpy().astype(np.float32).tofile(f"{stem}.logits")


def main():
    warnings.filterwarnings("ignore")
    folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    names = [n for name in sys.argv[3:] for n in (SMALL if name == "small" else [name])]
    torch.set_num_threads(1)
    for i, name in enumerate(names):
        torch.manual_seed(zlib.crc32(name.encode()))
        module, extent = make(name)
        randomize(module)
        settle_norms(module, extent)
        write(module, random_pixels(count, extent), folder / name, join_norms=i % 2 == 0)
    print(f"{len(names)} networks exported")


if __name__ == "__main__":
    main()
