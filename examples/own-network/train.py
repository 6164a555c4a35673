#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains a small network in PyTorch on Fashion-MNIST and exports it to ONNX.

usage: train.py {lenet,resnet,mobilenet} OUT.onnx [--data FOLDER] [--epochs N] [--threads N]
                [--spread RATIO]
Needs python3-torch and python3-onnx; the images come from Debian's dataset-fashion-mnist. The seed
is fixed, so the same versions on the same processor give the same file.
"""
import argparse
import gzip
import pathlib

import numpy as np
import torch
from torch import nn


def read_idx(path):
    with gzip.open(path) as file:
        content = file.read()
    axes = content[3]
    shape = [int.from_bytes(content[4 + 4 * i:8 + 4 * i], "big") for i in range(axes)]
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def read_split(folder, prefix):
    images = read_idx(folder / f"{prefix}-images-idx3-ubyte.gz")
    labels = read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz")
    # What the network expects of a pixel: (p - 0.5)/0.5 for p in [0, 1].
    x = (torch.tensor(images.copy()).float().div(255).unsqueeze(1) - 0.5) / 0.5
    return x, torch.tensor(labels.astype(np.int64))


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(800, 128), nn.ReLU(), nn.Linear(128, 10))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))
        self.skip = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.skip = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return torch.relu(self.body(x) + self.skip(x))


def resnet():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def separable(inputs, outputs, stride):
    return [nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False),
            nn.BatchNorm2d(inputs), nn.ReLU(),
            nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


def mobilenet():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        *separable(16, 32, 1), *separable(32, 64, 2), *separable(64, 64, 1),
        *separable(64, 128, 2), *separable(128, 128, 1),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))


def spread(model, ratio):
    """Channels after a batch norm get scales of 1 to `ratio`, which the next layer undoes: the
    network computes the same with weights that no longer have like ranges."""
    layers = [layer for layer in model if hasattr(layer, "weight")]
    for norm, after in zip(layers, layers[1:]):
        if not isinstance(norm, nn.BatchNorm2d):
            continue
        scale = ratio ** torch.linspace(-0.5, 0.5, norm.num_features)
        scale = scale[torch.randperm(norm.num_features)]
        norm.weight.data *= scale
        norm.bias.data *= scale
        shape = [1] * after.weight.dim()
        shape[1 if after.weight.shape[1] == norm.num_features else 0] = -1  # 0: depthwise
        after.weight.data /= scale.view(shape)


def export(model, image, file):
    model.eval()
    torch.onnx.export(model, image, str(file), opset_version=13,
                      input_names=["image"], output_names=["logits"],
                      dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}})


def error(model, images, labels):
    model.eval()
    with torch.no_grad():
        wrong = sum(int(model(x).argmax(1).ne(y).sum())
                    for x, y in zip(images.split(1000), labels.split(1000)))
    model.train()
    return 100.0 * wrong / len(labels)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("network", choices=["lenet", "resnet", "mobilenet"])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--data", type=pathlib.Path,
                        default=pathlib.Path("/usr/share/datasets/fashion-mnist"))
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--spread", type=float, metavar="RATIO",
                        help="of mobilenet: also write OUT-spread.onnx, the same function with "
                             "channels whose weights differ by up to this ratio")
    options = parser.parse_args()
    if options.spread and options.network != "mobilenet":
        parser.error("--spread is for mobilenet, whose layers follow each other")
    options.out.parent.mkdir(parents=True, exist_ok=True)

    torch.manual_seed(1)
    torch.set_num_threads(options.threads)
    images, labels = read_split(options.data, "train")
    test_images, test_labels = read_split(options.data, "t10k")
    model = {"lenet": lenet, "resnet": resnet, "mobilenet": mobilenet}[options.network]()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    batch = 128
    steps = len(images) // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, epochs=options.epochs,
                                                   steps_per_epoch=steps)
    for epoch in range(options.epochs):
        order = torch.randperm(len(images))
        for step in range(steps):
            chosen = order[step * batch:(step + 1) * batch]
            loss = nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1}: loss {loss.item():.3f}, "
              f"test error {error(model, test_images, test_labels):.2f} %", flush=True)
    export(model, test_images[:1], options.out)
    if options.spread:
        spread(model, options.spread)
        export(model, test_images[:1], options.out.with_stem(options.out.stem + "-spread"))


main()
