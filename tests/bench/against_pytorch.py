#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Speed ratios of Brownout against eager PyTorch, both measured in turn within the same minutes.

  python3 tests/bench/against_pytorch.py [--build build/release] [--threads 1] [--rounds 3]
                                         [--baseline tests/bench/pytorch_baseline.py]

Each round runs the baseline, then the benchmark programs, at equal threads; a ratio is the median over
the rounds of (ours / baseline) of one round. Needs PyTorch for the interpreter that runs this.
Another baseline script must take --net and --threads and print the same JSON keys.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def output(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def last_json(text):
    return json.loads([line for line in text.splitlines() if line.startswith("{")][-1])


def baseline(args, net):
    found = last_json(output([sys.executable, *args.baseline.split(), "--net", net,
                              "--threads", str(args.threads)]))
    return {key.lower(): value for key, value in found.items()}


def images_per_s(args, width, threads):
    text = output([os.path.join(args.bench, "evaluate_bench"), str(width), "functional",
                   str(threads)])
    return float(re.search(r"([\d.]+) images/s", text).group(1))


def one_round(args):
    ratios = {}
    for width in (16, 32):
        peer = baseline(args, args.net_name.format(width))
        ratios[f"eval width {width}"] = (
            images_per_s(args, width, args.threads) / peer["eval_images_per_s"])
        if width == 16:
            faults = last_json(output([os.path.join(args.bench, "faults_bench")]))
            ratios["draw a chip at 1 %"] = (
                faults["draw_mbit_per_s"] / peer["inject_mbit_per_s"])
            ratios["apply a drawn list"] = (
                faults["apply_mbit_per_s"] / peer["inject_mbit_per_s"])
            peer16 = peer
    for net, peer in (("simplenet16", peer16), ("vgg3", None)):
        program = os.path.join(args.bench, "training_bench")
        if not os.path.exists(program):
            continue
        peer = peer or baseline(args, net)
        ours = last_json(output([program, net, str(args.threads)]))
        ratios[f"RandBET step {net}"] = ours["randbet_images_per_s"] / peer["randbet_images_per_s"]
        ratios[f"plain step {net}"] = ours["qat_images_per_s"] / peer["qat_images_per_s"]
        ratios[f"RandBET / plain step time {net}"] = (
            ours["qat_images_per_s"] / ours["randbet_images_per_s"])
    ratios["eval width 16, two threads / one"] = (
        images_per_s(args, 16, 2) / images_per_s(args, 16, 1))
    return ratios


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release", help="build folder with benchmarks")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--baseline", default=os.path.join(HERE, "pytorch_baseline.py"),
                        help="script, with leading arguments if it needs any")
    parser.add_argument("--net-name", default="simplenet{}",
                        help="what the baseline calls a SimpleNet of a width")
    args = parser.parse_args()
    args.bench = os.path.join(args.build, "tests", "bench")
    rounds = []
    for i in range(args.rounds):
        rounds.append(one_round(args))
        print(f"round {i + 1} of {args.rounds}", file=sys.stderr)
    print(f"ours / PyTorch, {args.threads} thread(s), median of {args.rounds} rounds (min .. max)")
    for name in rounds[0]:
        values = [r[name] for r in rounds]
        print(f"  {name:<36} {statistics.median(values):7.2f}  "
              f"({min(values):.2f} .. {max(values):.2f})")


if __name__ == "__main__":
    main()
