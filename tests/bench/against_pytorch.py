#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Speed ratios of Brownout against eager PyTorch, both measured in turn within the same minutes.

  python3 tests/bench/against_pytorch.py [--build build/release] [--threads 1] [--rounds 3]

Refuses a PyTorch on the reference BLAS. Each round runs pytorch_baseline.py, then the benchmark programs, at equal threads; a ratio is the
median over the rounds of (ours / PyTorch) of one round. Needs a build with
-DBROWNOUT_WITH_BENCHMARKS=ON and PyTorch for the interpreter that runs this.
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


def baseline(args, net, parts):
    return last_json(output([sys.executable, os.path.join(HERE, "pytorch_baseline.py"), "--net", net,
                             "--threads", str(args.threads), "--parts", parts]))


def images_per_s(args, width, threads):
    text = output([os.path.join(args.bench, "evaluate_bench"), str(width), "functional",
                   str(threads)])
    return float(re.search(r"([\d.]+) images/s", text).group(1))


def one_round(args):
    """Every ratio's two sides run one after the other."""
    ratios = {}
    for width in (16, 32):
        peer = baseline(args, f"simplenet{width}", "eval")["eval_images_per_s"]
        ratios[f"eval width {width}"] = images_per_s(args, width, args.threads) / peer
    peer = baseline(args, "simplenet16", "inject")["inject_mbit_per_s"]
    faults = last_json(output([os.path.join(args.bench, "faults_bench")]))
    ratios["draw a chip at 1 %"] = faults["draw_mbit_per_s"] / peer
    ratios["apply a drawn list"] = faults["apply_mbit_per_s"] / peer
    program = os.path.join(args.bench, "training_bench")
    for net in ("simplenet16", "vgg3") if os.path.exists(program) else ():
        peer = baseline(args, net, "train")
        ours = last_json(output([program, net, str(args.threads)]))
        ratios[f"plain step {net}"] = ours["qat_images_per_s"] / peer["qat_images_per_s"]
        ratios[f"RandBET step {net}"] = ours["randbet_images_per_s"] / peer["randbet_images_per_s"]
        ratios[f"RandBET / plain step time {net}"] = ours["step_ratio"]
        ratios[f"MCEL / cross entropy step {net}"] = ours["mcel_ratio"]
        ratios[f"injection, % of a step {net}"] = ours["injection_pct"]
        speeds = [last_json(output([program, net, str(n)]))["randbet_images_per_s"] for n in (1, 2)]
        ratios[f"RandBET step {net}, two threads / one"] = speeds[1] / speeds[0]
    one = images_per_s(args, 16, 1)
    ratios["eval width 16, two threads / one"] = images_per_s(args, 16, 2) / one
    return ratios


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release", help="build folder with benchmarks")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
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
