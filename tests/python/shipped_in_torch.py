# SPDX-License-Identifier: Apache-2.0
"""The shipped networks as somebody would write them in PyTorch, with the weights of their files."""

import gzip
import json

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from torch import nn

import brownout

DATA = "/usr/share/datasets/fashion-mnist"


class ReparameterizedGroupNorm(nn.GroupNorm):
    """Its scale is 1 + weight."""

    def __init__(self, channels, affine=True):
        groups = next(
            g for g in (min(k, channels // 2) for k in (32, 24, 16, 8)) if channels % g == 0)
        super().__init__(groups, channels, affine=affine)

    def forward(self, x):
        scale = None if self.weight is None else 1 + self.weight
        return F.group_norm(x, self.num_groups, scale, self.bias, self.eps)


def conv_block(before, after, kernel=3):
    conv = nn.Conv2d(before, after, kernel, padding=kernel // 2)
    return [conv, ReparameterizedGroupNorm(after), nn.ReLU()]


def simplenet(w=16):
    layers = []
    for before, after in ((1, w), (w, 2 * w), (2 * w, 2 * w), (2 * w, 2 * w)):
        layers += conv_block(before, after)
    layers += [nn.MaxPool2d(2)]
    for before, after in ((2 * w, 2 * w), (2 * w, 2 * w), (2 * w, 4 * w)):
        layers += conv_block(before, after)
    layers += [nn.MaxPool2d(2)]
    layers += conv_block(4 * w, 8 * w) + conv_block(8 * w, 32 * w, 1) + conv_block(32 * w, 4 * w, 1)
    layers += [nn.MaxPool2d(2), *conv_block(4 * w, 4 * w)]
    return nn.Sequential(*layers, nn.MaxPool2d(3), nn.Flatten(), nn.Linear(4 * w, 10))


def vgg3(affine):
    return nn.Sequential(
        nn.Conv2d(1, 64, 3, padding=1), nn.MaxPool2d(2), ReparameterizedGroupNorm(64, affine),
        nn.ReLU(),
        nn.Conv2d(64, 64, 3, padding=1), nn.MaxPool2d(2), ReparameterizedGroupNorm(64, affine),
        nn.ReLU(),
        nn.Flatten(), nn.Linear(3136, 2048), nn.ReLU(), nn.Linear(2048, 10))


def with_weights(model, network):
    """The model, its parameters set to those of the network's file, and the names of coded ones."""
    theirs = list(network.parameters().values())
    ours = list(model.named_parameters())
    assert len(theirs) == len(ours), (len(theirs), len(ours))
    coded = []
    with torch.no_grad():
        for tensor, (name, parameter) in zip(theirs, ours):
            parameter.copy_(torch.from_numpy(tensor.values).view(parameter.shape))
            if tensor.n is not None:
                coded.append(name)
    return model.eval(), coded


def shipped(file):
    """The network of a file in models/, the model in PyTorch, and the names of coded parameters."""
    network = brownout.Network.load(file)
    if "simplenet16" in str(file):
        model = simplenet()
    else:
        model = vgg3(any(p.role == "scale" for p in network.parameters().values()))
    return (network, *with_weights(model, network))


def images(file, count):
    """The first test images as the network sees them, and their labels."""
    with gzip.open(f"{DATA}/t10k-images-idx3-ubyte.gz") as stream:
        pixels = np.frombuffer(stream.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)[:count]
    with gzip.open(f"{DATA}/t10k-labels-idx1-ubyte.gz") as stream:
        labels = np.frombuffer(stream.read(), np.uint8, offset=8)[:count].astype(np.int64)
    metadata = {p.key: p.value for p in onnx.load(str(file)).metadata_props}
    transform = json.loads(metadata["brownout.input"])
    mean, std = (np.array(transform[k], np.float32) for k in ("mean", "std"))
    x = (pixels.astype(np.float32) / np.float32(255) - mean.reshape(1, -1, 1, 1)) / std.reshape(
        1, -1, 1, 1)
    return torch.from_numpy(x), torch.from_numpy(labels)
