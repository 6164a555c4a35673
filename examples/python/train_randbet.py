#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A network of one's own in a PyTorch loop of one's own: trained as usual, for any chip (RandBET) and
for one chip (PattBET), and then read through chips. Takes about a minute.

    python3 examples/python/train_randbet.py [PICTURE.svg] [--images N] [--epochs N] [--chips N]
"""

import argparse
import gzip
import pathlib

import matplotlib
import numpy as np
import torch
from torch import nn

import brownout
import brownout.torch

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

DATA = pathlib.Path("/usr/share/datasets/fashion-mnist")  # Debian: dataset-fashion-mnist
CHIP = str(pathlib.Path(__file__).resolve().parents[2] / "profiles" / "chip1-synthetic.h5")
VOLTAGE = 0.8114
W_MAX = 0.2
RATES = (0.0, 0.001, 0.003, 0.01, 0.03, 0.06, 0.1)


def load(split, count):
    with gzip.open(DATA / f"{split}-images-idx3-ubyte.gz") as file:
        x = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)[:count]
    with gzip.open(DATA / f"{split}-labels-idx1-ubyte.gz") as file:
        y = np.frombuffer(file.read(), np.uint8, offset=8)[:count]
    x = (x.astype(np.float32) / 255 - 0.2860) / 0.3530
    return torch.from_numpy(x), torch.from_numpy(y.astype(np.int64))


def make_model():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.GroupNorm(8, 16), nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.GroupNorm(8, 32), nn.ReLU(),
        nn.Conv2d(32, 32, 3, stride=2, padding=1), nn.GroupNorm(8, 32), nn.ReLU(),
        nn.Flatten(), nn.Linear(32 * 16, 10))


def train(x, y, epochs, **errors):
    """A usual loop; with bit errors two of its lines differ."""
    model = make_model()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    training = brownout.torch.BitErrorTraining(model, w_max=W_MAX, **errors) if errors else None
    for epoch in range(epochs):
        for batch in torch.randperm(len(x), generator=torch.Generator().manual_seed(epoch)).split(100):
            optimizer.zero_grad()
            if training:
                training.backward(lambda: criterion(model(x[batch]), y[batch]))  # noqa: B023
            else:
                criterion(model(x[batch]), y[batch]).backward()
            optimizer.step()
    if training:
        brownout.torch.clip_(model, W_MAX)
    return model.eval()


def error(model, x, y, chip=None, **point):
    """Percent of the images, with the weights as the chip returns them."""
    with brownout.torch.perturbed(model, chip, **point), torch.no_grad():
        return 100 * float((model(x).argmax(1) != y).float().mean())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", nargs="?", default=pathlib.Path(__file__).with_suffix(".svg"))
    parser.add_argument("--images", type=int, default=12000, help="of the training set")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--chips", type=int, default=10, help="random ones at each rate")
    options = parser.parse_args()
    x, y = load("train", options.images)
    test_x, test_y = load("t10k", 1000)
    models = {
        "as usual": train(x, y, options.epochs),
        "RandBET, 3 %": train(x, y, options.epochs, rate=0.03),
        "PattBET, chip 1": train(x, y, options.epochs, chip=CHIP, voltage=VOLTAGE),
    }
    figure, axis = plt.subplots(figsize=(6, 3.8), layout="constrained")
    print("                 " + "".join(f"{100 * rate:8.1f} %" for rate in RATES)
          + f"   chip 1 at {VOLTAGE} Vmin")
    for name, model in models.items():
        mean, std = [], []
        for rate in RATES:
            chips = [f"random:{seed}" for seed in range(options.chips)] if rate else [None]
            point = {"rate": rate} if rate else {}
            errors = [error(model, test_x, test_y, chip, **point) for chip in chips]
            mean.append(np.mean(errors))
            std.append(np.std(errors, ddof=1) if rate else 0.0)
        on_chip = error(model, test_x, test_y, CHIP, voltage=VOLTAGE)
        print(f"{name:17}" + "".join(f"{m:8.1f}  " for m in mean) + f"  {on_chip:8.1f}")
        axis.errorbar(100 * np.array(RATES), mean, std, label=name, marker="o", markersize=4,
                      capsize=3)
    axis.set_xscale("symlog", linthresh=0.1)
    axis.set_xticks([0, 0.1, 1, 10], ["0", "0.1", "1", "10"])
    axis.set(xlabel=f"bit error rate, % (mean ± deviation over {options.chips} random chips)", ylabel="test error, %")
    axis.grid(alpha=0.3)
    axis.legend()
    plt.rcParams["svg.hashsalt"] = "brownout"  # the same file every time
    figure.savefig(options.picture, metadata={"Date": None})


if __name__ == "__main__":
    main()
