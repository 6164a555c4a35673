#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How a sweep would spread over more ranks than there are here: a discrete-event simulation of
rank 0 and its workers (sim/workers/hand_out.cpp), with times that are measured on this machine.

    python3 tests/bench/scheduler_simulation.py build/release [--networks 100] [--voltages 8]
                                                [--chips 1000] [--images 2000] [--latency-us 5]
                                                [--chosen-on 61] [--stated-on 61]

needs -DBROWNOUT_WITH_MPI=ON and -DBROWNOUT_WITH_BENCHMARKS=ON. It measures

- the time of one chip for each shipped network, with one thread, as `brownout sweep` does it;
- what rank 0 spends on the job of another rank (coordinator_bench).

The simulated sweep has the jobs of a real one: for each network the clean pass, on which all else
waits; the chips of the grid; the search for the safe voltage, which is one job because its chips
are tried one after the other; and the chips that state what that voltage is worth. Long jobs go
first, and each worker has one job in advance. Rank 0 serves messages one at a time and has a worker
of its own beside. The table says how long the sweep takes, which share of the workers' time is
work, and how busy rank 0 is.
"""
import argparse
import collections
import heapq
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

NETWORKS = ["fmnist-simplenet16-normal-8b", "fmnist-simplenet16-randbet-4b", "fmnist-vgg3-ce-4b"]
IN_ADVANCE = 2
TRIES = 4  # voltages at which a chip of the search is tried, on average


def seconds_per_chip(build, images):
    """By network, on one thread."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        for network in NETWORKS:
            file = pathlib.Path(folder) / "sweep.yaml"
            file.write_text(f"technology: 14nm-finfet\nmodels: [{network}]\ndataset: fashion-mnist\n"
                            f"images: {images}\nchips: 5\nvoltages: [0.82]\n"
                            "safe_voltage: {yield: mean, stated_on: 1, max_drop_points: 100}\n")
            subprocess.run([build / "brownout", "sweep", file, "--out", f"{folder}/{network}",
                            "--threads", "1", "--quiet", "--no-plot"], check=True,
                           stdout=subprocess.DEVNULL)
            sweep = json.loads((pathlib.Path(folder) / network / "sweep.json").read_text())
            times.append(images / sweep["images_per_s"])
    return times


def service_seconds(build):
    """Of rank 0, for a job of another rank: with so many others that it is never idle."""
    command = ["mpirun", "--oversubscribe", "-n", "8", build / "tests/bench/coordinator_bench"]
    around = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    printed = subprocess.run(command, check=True, capture_output=True, text=True,
                             env={**os.environ, **around}).stdout
    return 1e-6 * json.loads(printed)["us_per_job"]


class Sweep:
    """The jobs that can begin, as the plan of a sweep gives them (sim/runs/sweep_jobs.cpp)."""

    def __init__(self, options, times, seed=1):
        draw = random.Random(seed)
        self.networks = [times[i % len(times)] * draw.uniform(0.8, 1.25)
                         for i in range(options.networks)]
        self.rows = options.voltages * options.chips
        self.chosen, self.stated = options.chosen_on, options.stated_on
        self.left = [self.rows] * options.networks

    def first(self):
        return [(1e30, "clean", i) for i in range(len(self.networks))]

    def after(self, kind, network):
        if kind == "clean":
            return [(self.networks[network], "row", network)] * self.rows
        if kind == "row":
            self.left[network] -= 1
            if self.left[network] or not self.chosen:
                return []
            return [(self.chosen * self.networks[network], "search", network)]
        if kind == "search":
            return [(self.networks[network], "stated", network)] * self.stated
        return []

    def seconds(self, kind, network):
        return self.networks[network] * (self.chosen * TRIES if kind == "search" else 1.0)

    def work(self):
        rows = 1 + self.rows + self.chosen * TRIES + self.stated
        return sum(rows * seconds for seconds in self.networks)


def simulate(sweep, workers, service, latency):
    """Seconds until all is done, and those in which rank 0 was busy. Worker 0 shares its process
    with rank 0 and needs no messages."""
    ready, order = [], 0

    def add(jobs):
        nonlocal order
        for cost, kind, network in jobs:
            order += 1
            heapq.heappush(ready, (-cost, order, kind, network))

    waiting = [collections.deque() for _ in range(workers)]  # given, in the order of the work
    given = [0] * workers
    idle = [True] * workers
    short = [collections.deque(range(workers)), collections.deque()]  # workers with 0, 1 jobs
    events, number, free, busy = [], 0, 0.0, 0.0

    def at(time, what, worker, job=None):
        nonlocal number
        number += 1
        heapq.heappush(events, (time, number, what, worker, job))

    def serve(arrival, seconds):
        nonlocal free, busy
        free = max(free, arrival) + seconds
        busy += seconds
        return free

    def begin(time, worker):
        if not waiting[worker]:
            idle[worker] = True
            return
        idle[worker] = False
        job = waiting[worker].popleft()
        if worker == 0:
            at(time + sweep.seconds(*job), "own", worker, job)
        else:
            at(time + latency, "find", worker, (1, job))

    def give(time):
        for most in range(IN_ADVANCE):
            while ready and short[most]:
                worker = short[most].popleft()
                if given[worker] != most:
                    continue  # it was listed before it got or ended another one
                _, _, kind, network = heapq.heappop(ready)
                given[worker] += 1
                if given[worker] < IN_ADVANCE:
                    short[given[worker]].append(worker)
                at(time + (latency if worker else 0.0), "job", worker, (kind, network))

    def finish(time, worker, job):
        given[worker] -= 1
        short[given[worker]].append(worker)
        add(sweep.after(*job))
        give(time)

    add(sweep.first())
    give(0.0)
    now = 0.0
    while events:
        now, _, what, worker, job = heapq.heappop(events)
        if what == "job":
            waiting[worker].append(job)
            if idle[worker]:
                begin(now, worker)
        elif what == "find":  # two questions before the work
            question, real = job
            answered = serve(now, 0.25 * service) + latency
            if question == 1:
                at(answered + latency, "find", worker, (2, real))
            else:
                at(answered + sweep.seconds(*real), "end", worker, real)
        elif what == "end":
            at(now + latency, "done", worker, job)
            begin(now, worker)
        elif what == "own":
            finish(now, worker, job)
            begin(now, worker)
        else:
            finish(serve(now, 0.5 * service), worker, job)
    return now, busy


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    for name, value in (("networks", 100), ("voltages", 8), ("chips", 1000), ("images", 2000),
                        ("chosen-on", 61), ("stated-on", 61)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--latency-us", type=float, default=5.0)
    parser.add_argument("--most", type=int, default=4096, help="ranks")
    parser.add_argument("--seconds-per-chip", type=float, nargs="+", help="measured before")
    parser.add_argument("--service-us", type=float, help="measured before")
    options = parser.parse_args()
    times = options.seconds_per_chip or seconds_per_chip(options.build, options.images)
    service = 1e-6 * options.service_us if options.service_us else service_seconds(options.build)
    print(f"a chip on {options.images} images: " + ", ".join(f"{1e3 * t:.0f} ms" for t in times) +
          f"; rank 0, for a job of another rank: {1e6 * service:.0f} us; "
          f"a message: {options.latency_us:g} us")
    work = Sweep(options, times).work()
    print(f"{options.networks} networks, {options.voltages} voltages, {options.chips} chips: "
          f"{work / 3600:.1f} hours of work")
    print(f"{'ranks':>6} {'hours':>9} {'efficiency':>11} {'rank 0 busy':>12}")
    ranks = 1
    while ranks <= options.most:
        seconds, busy = simulate(Sweep(options, times), ranks, service, 1e-6 * options.latency_us)
        print(f"{ranks:>6} {seconds / 3600:>9.3f} {work / seconds / ranks:>11.3f} "
              f"{busy / seconds:>12.3f}", flush=True)
        ranks *= 4 if ranks < 256 else 2


if __name__ == "__main__":
    sys.exit(main())
