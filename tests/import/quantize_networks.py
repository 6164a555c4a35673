#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Quantized files as the static quantization of ONNX Runtime writes them.

usage: quantize_networks.py FOLDER COUNT
Trains small networks on Fashion-MNIST for a few seconds, exports them with batch norms folded,
measures the range of every value on some training images, and writes each network in several forms
(see FORMS): FOLDER/NAME.onnx and NAME.images, the first COUNT test images (u8). The networks read
(pixel/255 - 0.45)/0.25. Exit 77 where a package or the data set is missing.
"""
import functools
import gzip
import io
import pathlib
import sys
import warnings

try:
    import numpy as np
    import onnx
    import torch
    from quantized_graphs import FORMS, measure, write_form
    from torch import nn
    from torch.nn import functional
except ImportError as error:
    print(f"{error}: install python3-torch and python3-onnx")
    sys.exit(77)

DATA = pathlib.Path("/usr/share/datasets/fashion-mnist")


def read_idx(name, offset):
    return np.frombuffer(gzip.open(DATA / name).read(), np.uint8, offset=offset)


@functools.lru_cache()
def images(split):
    return read_idx(f"{split}-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)


def numbers_of(pixels):
    return (torch.tensor(pixels).float() / 255 - 0.45) / 0.25


def conv_norm(inputs, outputs, stride=1, kernel=3, groups=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    )


class Plain(nn.Module):
    """Convolutions, a largest pool, a residual, the mean of an image, a linear layer."""

    def __init__(self):
        super().__init__()
        self.first = conv_norm(1, 8, 2)
        self.second = conv_norm(8, 16)
        self.third = conv_norm(16, 16)
        self.depthwise = conv_norm(16, 16, groups=16)
        self.last = nn.Linear(16, 10)

    def forward(self, x):
        x = functional.relu(self.first(x))
        x = functional.max_pool2d(functional.relu(self.second(x)), 2)
        x = functional.relu(x + self.third(x))
        x = functional.relu6(self.depthwise(x))
        return self.last(functional.adaptive_avg_pool2d(x, 1).flatten(1))


class Branches(nn.Module):
    """Joined branches, gates, a leaky activation, average pools, two linear layers, one of them
    as a matrix product and a sum. Means of nine codes never lie half way between two."""

    def __init__(self):
        super().__init__()
        self.first = conv_norm(1, 8, 2)
        self.left = conv_norm(8, 8)
        self.right = conv_norm(8, 8, kernel=1)
        self.gate = nn.Conv2d(16, 16, 1)
        self.mix = conv_norm(16, 16)
        self.weight = nn.Parameter(torch.randn(16 * 4, 24) * 0.1)
        self.bias = nn.Parameter(torch.zeros(24))
        self.last = nn.Linear(24, 10)

    def forward(self, x):
        x = functional.leaky_relu(self.first(x), 0.1)
        x = torch.cat([functional.relu(self.left(x)), torch.sigmoid(self.right(x))], 1)
        x = functional.avg_pool2d(x, 3, 2, count_include_pad=False)
        x = x * torch.sigmoid(self.gate(functional.adaptive_avg_pool2d(x, 1)))
        x = functional.avg_pool2d(functional.relu(self.mix(x)), 3, 2, count_include_pad=False)
        x = functional.relu(x.flatten(1) @ self.weight + self.bias)
        return self.last(x)


NETWORKS = {"branches": Branches, "plain": Plain}


def train(make):
    torch.manual_seed(5)
    module = make()
    pixels = images("train")
    labels = torch.tensor(read_idx("train-labels-idx1-ubyte.gz", 8)).long()
    optimizer = torch.optim.Adam(module.parameters(), 5e-3)
    for _ in range(250):
        batch = torch.randint(0, len(labels), (64,))
        optimizer.zero_grad()
        loss = functional.cross_entropy(module(numbers_of(pixels[batch])), labels[batch])
        loss.backward()
        optimizer.step()
    return module.eval()


def main():
    warnings.filterwarnings("ignore")
    if not DATA.exists():
        print(f"no {DATA}: install dataset-fashion-mnist")
        sys.exit(77)
    folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(1)
    calibration = numbers_of(images("train")[:200])
    test = images("t10k")[:count]
    for name, make in NETWORKS.items():
        module = train(make)
        exported = io.BytesIO()
        torch.onnx.export(
            module, calibration[:1], exported, opset_version=13, input_names=["image"],
            output_names=["logits"], dynamic_axes={"image": {0: "n"}, "logits": {0: "n"}})
        model = onnx.load_from_string(exported.getvalue())
        ranges = measure(model, calibration.numpy())
        for form in FORMS:
            write_form(model, ranges, form, folder / f"{name}-{form}.onnx")
            test.tofile(folder / f"{name}-{form}.images")
    print(f"{len(NETWORKS)} networks in {len(FORMS)} forms")


if __name__ == "__main__":
    main()
