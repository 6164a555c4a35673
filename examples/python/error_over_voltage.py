#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The test error of two trainings of one network when the supply voltage falls, with error bars.

    python3 examples/python/error_over_voltage.py [PICTURE.svg [IMAGES]]
"""

import pathlib
import sys

import matplotlib
import numpy as np

import brownout

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

MODELS = pathlib.Path(__file__).resolve().parents[2] / "models"
NETWORKS = {"trained as usual": "normal", "trained with bit errors": "randbet"}
VOLTAGES = np.array([1.0, 0.92, 0.88, 0.86, 0.84, 0.82, 0.80, 0.78])


def main():
    picture = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).with_suffix(".svg")
    images = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    figure, axis = plt.subplots(figsize=(6, 3.8), layout="constrained")
    print("voltage  " + "  ".join(f"{name:>24}" for name in NETWORKS))
    columns = []
    for name, file in NETWORKS.items():
        experiment = brownout.Experiment(MODELS / f"fmnist-simplenet16-{file}-8b.onnx", images=images)
        results = [experiment.run(voltage=voltage, chips=8) for voltage in VOLTAGES]
        mean = np.array([result.rerr for result in results])
        std = np.array([result.rerr_std for result in results])
        axis.errorbar(VOLTAGES, mean, std, label=name, marker="o", markersize=4, capsize=3)
        columns.append([f"{m:16.2f} ± {s:5.2f}" for m, s in zip(mean, std)])
    for voltage, *cells in zip(VOLTAGES, *columns):
        print(f"{voltage:7.2f}  " + "  ".join(cells))
    energy = brownout.Technology().sram_energy(VOLTAGES)
    top = axis.secondary_xaxis("top")
    top.set_xticks(VOLTAGES[1:], [f"{100 * e:.0f}" for e in energy[1:]])
    top.set_xlabel("energy of a weight access, % of that at Vmin", fontsize=9)
    axis.set(xlabel="supply voltage, Vmin", ylabel="test error, %", yscale="log")
    axis.set_yticks([5, 10, 20, 50, 100], ["5", "10", "20", "50", "100"])
    axis.invert_xaxis()
    axis.grid(alpha=0.3)
    axis.legend()
    plt.rcParams["svg.hashsalt"] = "brownout"  # the same file every time
    figure.savefig(picture, metadata={"Date": None})


if __name__ == "__main__":
    main()
