# SPDX-License-Identifier: Apache-2.0
"""Small networks of PyTorch, one for each idea that large networks are made of.

SMALL: name -> a function that makes the module. They read images of 3 x 32 x 32 and give ten
numbers.
"""
import torch
from torch import nn
from torch.nn import functional

CLASSES = 10


def conv_norm(inputs, outputs, kernel=3, stride=1, groups=1, activation=nn.ReLU):
    layers = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    if activation is not None:
        layers.append(activation())
    return nn.Sequential(*layers)


def head(channels):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES))


class Residual(nn.Module):
    """The second branch is the image itself, or a projection of it."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.branch = nn.Sequential(
            conv_norm(inputs, outputs, stride=stride),
            conv_norm(outputs, outputs, activation=None),
        )
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = conv_norm(inputs, outputs, 1, stride, activation=None)

    def forward(self, x):
        return functional.relu(self.branch(x) + self.shortcut(x))


class Inverted(nn.Module):
    """Wide, depthwise, narrow; without an activation at the end."""

    def __init__(self, channels, wide):
        super().__init__()
        self.branch = nn.Sequential(
            conv_norm(channels, wide, 1, activation=nn.ReLU6),
            conv_norm(wide, wide, groups=wide, activation=nn.ReLU6),
            conv_norm(wide, channels, 1, activation=None),
        )

    def forward(self, x):
        return x + self.branch(x)


class SqueezeExcite(nn.Module):
    def __init__(self, channels, gate):
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, 4, 1),
            nn.ReLU(),
            nn.Conv2d(4, channels, 1),
            gate(),
        )

    def forward(self, x):
        return x * self.gate(x)


class LinearSqueezeExcite(nn.Module):
    """The gate by linear layers. `back` makes an image of its vector."""

    def __init__(self, channels, back):
        super().__init__()
        self.gate = nn.Sequential(
            nn.Linear(channels, 4), nn.ReLU(), nn.Linear(4, channels), nn.Sigmoid()
        )
        self.back = back

    def forward(self, x):
        return x * self.back(self.gate(x.mean((2, 3))), x)


class LayerNormPixels(nn.Module):
    """A layer norm over the channels of each pixel, with channels last or first."""

    def __init__(self, channels, last):
        super().__init__()
        self.last = last
        self.norm = nn.LayerNorm(channels, eps=1e-6)

    def forward(self, x):
        if self.last:
            return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        mean = x.mean(1, keepdim=True)
        variance = (x - mean).pow(2).mean(1, keepdim=True)
        x = (x - mean) / torch.sqrt(variance + self.norm.eps)
        return self.norm.weight[:, None, None] * x + self.norm.bias[:, None, None]


class ConvNext(nn.Module):
    """A block of ConvNeXt: linear layers work on the channels of each pixel."""

    def __init__(self, channels):
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 5, padding=2, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.pixels = nn.Sequential(
            nn.Linear(channels, 2 * channels), nn.GELU(), nn.Linear(2 * channels, channels)
        )
        self.scale = nn.Parameter(torch.full((channels,), 0.5))

    def forward(self, x):
        y = self.pixels(self.norm(self.depthwise(x).permute(0, 2, 3, 1)))
        return x + (self.scale * y).permute(0, 3, 1, 2)


class Inception(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.one = conv_norm(inputs, 4, 1)
        self.three = nn.Sequential(conv_norm(inputs, 4, 1), conv_norm(4, 6))
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1, ceil_mode=True), conv_norm(inputs, 2, 1))

    def forward(self, x):
        return torch.cat([self.one(x), self.three(x), self.pool(x)], 1)


class Dense(nn.Module):
    """Every layer reads everything before it; the norm stands before its convolution."""

    def __init__(self, inputs, growth, layers):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(inputs + i * growth),
                nn.ReLU(),
                nn.Conv2d(inputs + i * growth, growth, 3, 1, 1, bias=False),
            )
            for i in range(layers)
        )

    def forward(self, x):
        found = [x]
        for layer in self.layers:
            found.append(layer(torch.cat(found, 1)))
        return torch.cat(found, 1)


class Shuffle(nn.Module):
    """One half of the channels passes, the other is changed, then the halves are mixed."""

    def __init__(self, channels):
        super().__init__()
        half = channels // 2
        self.branch = nn.Sequential(
            conv_norm(half, half, 1), conv_norm(half, half, groups=half, activation=None)
        )

    def forward(self, x):
        kept, changed = x.chunk(2, dim=1)
        x = torch.cat([kept, self.branch(changed)], 1)
        batch, channels, height, width = x.shape
        x = x.view(batch, 2, channels // 2, height, width).transpose(1, 2).contiguous()
        return x.view(batch, channels, height, width)


class Quotient(nn.Module):
    """Infinite at -0.5 alone and, as a table of its codes would have it, at 0."""

    def forward(self, x):
        return 2 / (functional.relu(x) + 0.5)


class Split(nn.Module):
    """Two unequal parts of the channels, joined in another order."""

    def __init__(self, channels):
        super().__init__()
        self.channels = channels
        self.first = conv_norm(4, 4)

    def forward(self, x):
        a, b = torch.split(x, [4, self.channels - 4], dim=1)
        return torch.cat([b, self.first(a), x[:, ::2]], 1)


class Pools(nn.Module):
    """Four windows over one image whose extents they do not divide."""

    def __init__(self):
        super().__init__()
        self.pools = nn.ModuleList(
            [
                nn.MaxPool2d(3, 2, ceil_mode=True),
                nn.AvgPool2d(3, 2, ceil_mode=True),
                nn.AvgPool2d(3, 2, (1, 1), count_include_pad=True),
                nn.AvgPool2d(3, 2, (1, 1), count_include_pad=False),
                nn.MaxPool2d((3, 2), (2, 2), (1, 0)),
            ]
        )

    def forward(self, x):
        return torch.cat([pool(x) for pool in self.pools], 1)


def lenet():
    return nn.Sequential(
        nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 12, 5), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(300, 40), nn.ReLU(), nn.Dropout(),
        nn.Linear(40, CLASSES),
    )  # fmt: skip


def activations(activation):
    """The function after a convolution, after a batch norm, after a sum and in vectors."""
    class Summed(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = conv_norm(8, 8, activation=activation)
            self.after = activation()

        def forward(self, x):
            return self.after(x + self.conv(x))

    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2), activation(), conv_norm(8, 8, 3, 2, activation=activation),
        Summed(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 16), activation(),
        nn.Linear(16, CLASSES),
    )  # fmt: skip


def excite(activation, gate):
    return nn.Sequential(
        conv_norm(3, 8, 3, 2, activation=activation),
        conv_norm(8, 8, groups=8, activation=activation), SqueezeExcite(8, gate),
        conv_norm(8, 12, 1, activation=activation), head(12),
    )  # fmt: skip


def uneven_padding():
    return nn.Sequential(
        nn.ZeroPad2d((0, 1, 2, 1)), nn.Conv2d(3, 6, 3, 2), nn.ReLU(), nn.ZeroPad2d((1, 0, 0, 2)),
        nn.Conv2d(6, 8, (3, 5), (2, 1), (1, 2)), nn.ReLU(), head(8),
    )  # fmt: skip


def several(make, count):
    return nn.Sequential(*[make() for _ in range(count)])


SMALL = {
    "celu": lambda: activations(lambda: nn.CELU(0.7)),
    "convnext": lambda: nn.Sequential(
        nn.Conv2d(3, 8, 4, 4), LayerNormPixels(8, True), several(lambda: ConvNext(8), 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(8), nn.Linear(8, CLASSES)),
    "dense": lambda: nn.Sequential(
        conv_norm(3, 6, 3, 2), Dense(6, 4, 3), nn.BatchNorm2d(18), nn.ReLU(),
        nn.Conv2d(18, 9, 1, bias=False), nn.AvgPool2d(2), Dense(9, 4, 2), nn.BatchNorm2d(17),
        nn.ReLU(), head(17)),
    "depthwise": lambda: nn.Sequential(
        conv_norm(3, 8, 3, 2, activation=nn.ReLU6), several(lambda: Inverted(8, 16), 2), head(8)),
    "dilated": lambda: nn.Sequential(
        conv_norm(3, 8, 3, 2), nn.Conv2d(8, 8, 3, padding=2, dilation=2), nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=(1, 3), dilation=(1, 3), groups=8), nn.ReLU(),
        nn.Conv2d(8, 12, (2, 3), 2, dilation=(3, 2), groups=4), nn.ReLU(), head(12)),
    "elu": lambda: activations(lambda: nn.ELU(0.8)),
    "excite": lambda: excite(nn.Hardswish, nn.Hardsigmoid),
    "gelu": lambda: activations(nn.GELU),
    "group_norm": lambda: nn.Sequential(
        nn.Conv2d(3, 8, 3, 2), nn.GroupNorm(4, 8), nn.ReLU(), nn.Conv2d(8, 6, 3),
        nn.GroupNorm(1, 6), nn.ReLU(), head(6)),
    "grouped": lambda: nn.Sequential(
        conv_norm(3, 12, 3, 2), conv_norm(12, 12, groups=3), conv_norm(12, 24, 1, groups=4),
        head(24)),
    "hardtanh": lambda: activations(lambda: nn.Hardtanh(-0.5, 1.5)),
    "inception": lambda: nn.Sequential(
        conv_norm(3, 8, 3, 2), Inception(8), Inception(12), nn.MaxPool2d(2), head(12)),
    "leaky": lambda: activations(lambda: nn.LeakyReLU(0.1)),
    "lenet": lenet,
    "instance_norm": lambda: nn.Sequential(
        nn.Conv2d(3, 6, 3, 2), nn.InstanceNorm2d(6, affine=True), nn.ReLU(), nn.Conv2d(6, 6, 3),
        nn.GroupNorm(3, 6, affine=False), nn.ReLU(), head(6)),
    "layer_norm": lambda: nn.Sequential(
        nn.Conv2d(3, 8, 3, 2), LayerNormPixels(8, False), nn.ReLU(), nn.Conv2d(8, 6, 3),
        nn.LayerNorm((6, 13, 13), elementwise_affine=False), nn.ReLU(), head(6)),
    "linear_excite": lambda: nn.Sequential(
        conv_norm(3, 8, 3, 2),
        LinearSqueezeExcite(8, lambda gate, x: gate.view(gate.shape[0], 8, 1, 1)),
        conv_norm(8, 8), LinearSqueezeExcite(8, lambda gate, x: gate[:, :, None, None]),
        conv_norm(8, 8),
        LinearSqueezeExcite(8, lambda gate, x: gate.view(-1, 8, 1, 1).expand_as(x)), head(8)),
    "mish": lambda: activations(nn.Mish),
    "pools": lambda: nn.Sequential(
        nn.Conv2d(3, 4, 3, 1, 1), nn.ReLU(), nn.AvgPool2d(2), Pools(), conv_norm(20, 8), head(8)),
    "prelu": lambda: nn.Sequential(
        conv_norm(3, 8, 3, 2, activation=lambda: nn.PReLU(8)),
        conv_norm(8, 8, activation=lambda: nn.PReLU(1)), head(8)),
    "quotient": lambda: nn.Sequential(
        conv_norm(3, 8, 3, 2, activation=Quotient), conv_norm(8, 8, activation=Quotient), head(8)),
    "residual": lambda: nn.Sequential(
        conv_norm(3, 8, 3, 2), Residual(8, 8, 1), Residual(8, 12, 2), head(12)),
    "selu": lambda: activations(nn.SELU),
    "shares": lambda: nn.Sequential(
        conv_norm(3, 8, 3, 2), head(8), nn.LogSoftmax(1)),
    "shuffle": lambda: nn.Sequential(
        conv_norm(3, 8, 3, 2), several(lambda: Shuffle(8), 3), head(8)),
    "sigmoid": lambda: nn.Sequential(
        nn.Conv2d(3, 8, 5, 3), nn.Sigmoid(), nn.AvgPool2d(5), nn.Flatten(),
        nn.Linear(32, CLASSES)),
    "silu": lambda: excite(nn.SiLU, nn.Sigmoid),
    "softplus": lambda: activations(nn.Softplus),
    "split": lambda: nn.Sequential(conv_norm(3, 10, 3, 2), Split(10), conv_norm(15, 8), head(8)),
    "tanh": lambda: activations(nn.Tanh),
    "uneven": uneven_padding,
    "vectors": lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(3072, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 16),
        nn.ReLU(), nn.Linear(16, CLASSES)),
}  # fmt: skip
