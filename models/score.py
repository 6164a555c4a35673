#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Scores the trained networks of this folder and writes scores.json and the table of README.md.

  python3 models/score.py [--images 10000] [--chips 50] [--threads 2] [--binary build/release/brownout]

Every number comes from `brownout eval`; scores already in scores.json for the same file hash, images
and chips are kept, so an interrupted run continues.
"""
import argparse
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
RATES = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1]
KEPT = ["model", "model_sha256", "engine", "bits", "weights", "dataset", "rate", "voltage", "chips",
        "images", "err", "err_ci95", "rerr_mean", "rerr_std", "rerr_ci95",
        "rerr_se_images", "rerr_ci95_all", "rerr_either_mean", "confidence_clean",
        "confidence_mean", "prop1_excess", "cells_hit_mean", "bits_wrong_mean", "codes_changed_mean",
        "logits_sha256"]
BEGIN, END = "<!-- scores begin -->\n", "<!-- scores end -->\n"


def score(args, model, rate):
    command = [args.binary, "eval", os.path.join(HERE, model), "--rate", str(rate), "--chips",
               str(args.chips), "--images", str(args.images), "--threads", str(args.threads),
               "--quiet", "--json", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr)
    found = json.loads(done.stdout)
    return {key: found[key] for key in KEPT}


def write(path, text):
    with open(path + ".tmp", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".tmp", path)


def over_images(scores):
    """How far other images would move the means; scores of older versions do not know."""
    errors = [s["rerr_se_images"] for s in scores if "rerr_se_images" in s]
    if len(errors) < len(scores):
        return ""
    return (f" Another {scores[0]['images']} images would move a mean by ± {min(errors):.2f} to "
            f"{max(errors):.2f} points (standard error).")


def table(scores):
    rows = ["| network | clean | " + " | ".join(f"p = {100 * r:g} %" for r in RATES) + " |",
            "|---|---|" + "---|" * len(RATES)]
    for model in sorted({s["model"] for s in scores}):
        mine = {s["rate"]: s for s in scores if s["model"] == model}
        cells = [f"{mine[r]['rerr_mean']:.2f} ± {mine[r]['rerr_std']:.2f}" if r in mine else "–"
                 for r in RATES]
        clean = next(iter(mine.values()))["err"]
        rows.append(f"| `{model}` | {clean:.2f} | " + " | ".join(cells) + " |")
    shared = scores[0]
    rows.append(f"\nTest error in %, {shared['dataset']}, {shared['images']} test images, mean ± "
                f"standard deviation over the {shared['chips']} chips `random:0` … "
                f"`random:{shared['chips'] - 1}`, engine `{shared['engine']}`.{over_images(scores)}\n")
    return "\n".join(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=10000)
    parser.add_argument("--chips", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--binary", default="build/release/brownout")
    args = parser.parse_args()
    store = os.path.join(HERE, "scores.json")
    old = json.load(open(store, encoding="utf-8")) if os.path.exists(store) else []
    hashes = {model: None for model in sorted(os.listdir(HERE)) if model.endswith(".onnx")}
    for model in hashes:
        hashes[model] = subprocess.run(["sha256sum", os.path.join(HERE, model)], check=True,
                                       capture_output=True, text=True).stdout.split()[0]
    scores = [s for s in old if s["model_sha256"] in hashes.values() and s["images"] == args.images
              and s["chips"] == args.chips]
    for rate in RATES:
        for model, digest in hashes.items():
            if any(s["model_sha256"] == digest and s["rate"] == rate for s in scores):
                continue
            scores.append(score(args, model, rate))
            print(f"{model} {rate}: {scores[-1]['rerr_mean']:.2f}", file=sys.stderr)
            write(store, json.dumps(scores, indent=1) + "\n")
    readme = os.path.join(HERE, "README.md")
    text = open(readme, encoding="utf-8").read()
    before, after = text.index(BEGIN) + len(BEGIN), text.index(END)
    write(readme, text[:before] + table(scores) + text[after:])


if __name__ == "__main__":
    main()
