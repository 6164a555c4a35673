#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cycles and energy of an inference on an accelerator, by layer and by part of the hardware.

    python3 examples/python/energy_by_part.py [PICTURE.svg]
"""

import pathlib
import sys

import matplotlib

import brownout

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

MODEL = pathlib.Path(__file__).resolve().parents[2] / "models/fmnist-simplenet16-randbet-8b.onnx"
VOLTAGES = (1.0, 0.9, 0.84)
PARTS = ("weight_sram", "activation_sram", "accumulator_sram", "macs", "vector", "dram")


def main():
    picture = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).with_suffix(".svg")
    # All memories at the scaled supply, with the cells of one chip.
    supplies = {"input": "scaled", "activations": "scaled", "accumulators": "scaled"}
    results = [brownout.run(MODEL, "edge-16x16", voltage=voltage, images=4, supplies=supplies)
               for voltage in VOLTAGES]
    layers = results[0].layers
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained")
    left.barh([layer["name"] for layer in layers],
              [layer["per_image"]["cycles"] / 1000 for layer in layers])
    left.invert_yaxis()
    left.set(xlabel="1000 cycles an image")
    left.tick_params(labelsize=7)
    print("voltage  cycles an image  energy an image, µJ  of it memories, µJ")
    bottom = [0.0] * len(VOLTAGES)
    names = [f"{voltage:.2f}" for voltage in VOLTAGES]
    for voltage, result in zip(VOLTAGES, results):
        memories = sum(result.json["energy_uj"][part] for part in PARTS if "sram" in part)
        print(f"{voltage:7.2f}  {result.cycles_per_image:15.0f}  {result.energy_uj:19.4f}  "
              f"{memories:19.4f}")
    for part in PARTS:
        heights = [result.json["energy_uj"][part] for result in results]
        right.bar(names, heights, bottom=bottom, label=part.replace("_", " "), width=0.6)
        bottom = [b + h for b, h in zip(bottom, heights)]
    rest = [result.energy_uj - b for result, b in zip(results, bottom)]
    right.bar(names, rest, bottom=bottom, label="leakage", width=0.6)
    right.set(xlabel="supply voltage, Vmin", ylabel="energy an image, µJ")
    right.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    plt.rcParams["svg.hashsalt"] = "brownout"  # the same file every time
    figure.savefig(picture, metadata={"Date": None})


if __name__ == "__main__":
    main()
