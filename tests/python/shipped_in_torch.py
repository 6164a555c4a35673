# SPDX-License-Identifier: Apache-2.0
"""The shipped networks as somebody would write them in PyTorch, with the weights of their files."""

import gzip

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from torch import nn

import brownout

DATA = "/usr/share/datasets/fashion-mnist"


class ReparameterizedGroupNorm(nn.GroupNorm):
    """Its scale is 1 + weight."""

    def __init__(self, channels):
        groups = next(
            g for g in (min(k, channels // 2) for k in (32, 24, 16, 8)) if channels % g == 0)
        super().__init__(groups, channels)

    def forward(self, x):
        return F.group_norm(x, self.num_groups, 1 + self.weight, self.bias, self.eps)


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


def vgg3():
    return nn.Sequential(
        nn.Conv2d(1, 64, 3, padding=1), nn.MaxPool2d(2), nn.BatchNorm2d(64), nn.ReLU(),
        nn.Conv2d(64, 64, 3, padding=1), nn.MaxPool2d(2), nn.BatchNorm2d(64), nn.ReLU(),
        nn.Flatten(), nn.Linear(3136, 2048), nn.BatchNorm1d(2048), nn.ReLU(), nn.Linear(2048, 10))


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
    model = simplenet() if "simplenet16" in str(file) else vgg3()
    # Running statistics are constants of the file, named after the norms.
    constants = {t.name: numpy_helper.to_array(t) for t in onnx.load(str(file)).graph.initializer}
    means = [name for name in constants if name.endswith("#mean")]
    norms = [m for m in model if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d))]
    assert len(means) == len(norms)
    for norm, name in zip(norms, sorted(means, key=lambda n: ["norm1#mean", "norm2#mean",
                                                              "linear1.norm#mean"].index(n))):
        norm.running_mean.copy_(torch.from_numpy(constants[name].copy()))
        norm.running_var.copy_(torch.from_numpy(constants[name[:-4] + "variance"].copy()))
    return (network, *with_weights(model, network))


def images(network, count):
    """The first test images as the network sees them, and their labels."""
    with gzip.open(f"{DATA}/t10k-images-idx3-ubyte.gz") as stream:
        pixels = np.frombuffer(stream.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)[:count]
    with gzip.open(f"{DATA}/t10k-labels-idx1-ubyte.gz") as stream:
        labels = np.frombuffer(stream.read(), np.uint8, offset=8)[:count].astype(np.int64)
    mean, deviation = (
        numbers.reshape(1, -1, 1, 1) for numbers in (network.mean, network.deviation))
    x = (pixels.astype(np.float32) / np.float32(255) - mean) / deviation
    return torch.from_numpy(x), torch.from_numpy(labels)
