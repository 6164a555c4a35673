#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports a torchvision network of ImageNet's size with random weights, and images for it.

usage: imagenet_size.py NETWORK FOLDER    (NETWORK: resnet18, mobilenet_v2, ...)
Writes FOLDER/NETWORK.onnx, FOLDER/images.npy (64 random images without labels) and FOLDER/data.yaml.
Needs python3-torchvision and python3-onnx. With pretrained weights and ImageNet's pictures the same
commands give a network's real figures.
"""
import pathlib
import sys

import numpy as np
import torch
import torchvision


def main():
    name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    model = getattr(torchvision.models, name)(weights=None)
    pixels = np.random.default_rng(1).integers(0, 256, (64, 224, 224, 3), dtype=np.uint8)
    mean = torch.tensor([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225]).reshape(1, 3, 1, 1)
    x = (torch.tensor(pixels).permute(0, 3, 1, 2).float() / 255 - mean) / deviation
    with torch.no_grad():  # running statistics that fit the images
        model.train()
        for _ in range(4):
            model(x[:8])
    model.eval()
    torch.onnx.export(model, x[:1], str(folder / f"{name}.onnx"), opset_version=13,
                      input_names=["image"], dynamic_axes={"image": {0: "batch"}})
    np.save(folder / "images.npy", pixels)
    split = "{images: images.npy}"
    (folder / "data.yaml").write_text(
        f"# 64 random images; what the clean network says of them stands in for labels.\n"
        f"classes: 1000\nlayout: NHWC\ntrain: {split}\ntest: {split}\n")


main()
