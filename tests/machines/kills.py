#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills a sweep at random moments and starts it again until it ends, many times over.

    tests/machines/kills.py build/release/brownout --kills 1000

Ways to run it take turns: one process, ranks of MPI (where mpirun is found and the program has
MPI), a shard. Ways to end it do too: SIGKILL of the process, of a rank or of mpirun; SIGTERM; a disk
that gets full. After each end every row that was stored before must still be there, and none twice;
a sweep that has ended must have the tables of one that nobody disturbed, byte for byte.
"""
import argparse
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

SWEEP = """technology: 14nm-finfet
models: [fmnist-simplenet16-normal-8b, fmnist-simplenet16-randbet-8b]
dataset: fashion-mnist
images: 60
chips: 6
voltages: [0.95, 0.85, 0.8, 0.76]
safe_voltage: {yield: 0.5, confidence: 0.9, tolerance: 0.01, stated_on: 4}
"""
TABLES = ("points.csv", "samples.csv", "safe_voltage.csv")
SHARDS = 2


class Failure(Exception):
    pass


def rows_of(folder):
    """The keys of the stored rows; a process that was killed leaves work to SQLite."""
    file = folder / "results.sqlite"
    if not file.exists() or file.stat().st_size == 0:
        return []
    connection = sqlite3.connect(file)
    try:
        made = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        return [key for key, in connection.execute("SELECT key FROM results")] if made else []
    finally:
        connection.close()


def descendants(pid):
    """Processes that this one has started, and theirs."""
    found = []
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    waiting = [pid]
    while waiting:
        for child in children.get(waiting.pop(), []):
            found.append(child)
            waiting.append(child)
    return found


class Trial:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.launchers_killed = 0
        self.environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1",
                                OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")

    def sweep(self, out, *more):
        return [str(self.options.program), "sweep", str(self.folder / "sweep.yaml"), "--out", str(out),
                "--quiet", "--threads", "1", *more]

    def command(self, way, out):
        if way == "mpi":
            return [self.options.mpirun, "--oversubscribe", "-n", str(random.choice((2, 3))),
                    *self.sweep(out, "--no-plot")]
        if way == "shard":
            return self.sweep(out, "--shard", f"1/{SHARDS}")
        return self.sweep(out, "--no-plot")

    def start(self, way, out, most_bytes=None):
        def limit():
            if most_bytes is not None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

        return subprocess.Popen(self.command(way, out), env=self.environment, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, preexec_fn=limit,
                                start_new_session=True)

    def whole(self, way, out):
        """An undisturbed run; how long it took."""
        start = time.monotonic()
        process = self.start(way, out)
        text = process.communicate(timeout=600)[0]
        if process.returncode != 0:
            raise Failure(f"{way}: {text}")
        return time.monotonic() - start

    def output(self, process, victims):
        """All that it says until it ends. Open MPI 4.1.4 with PMIx 4.2.2 sometimes locks itself up in
        the end of mpirun after a rank was killed (PMIx_server_finalize waits for its own mutex). The
        ranks are gone then, and mpirun is killed after them."""
        for _ in range(60):
            try:
                return process.communicate(timeout=10)[0]
            except subprocess.TimeoutExpired:
                ranks = [pid for pid in victims if pid != process.pid]
                if ranks and not any(pathlib.Path(f"/proc/{pid}/exe").exists() for pid in ranks):
                    process.kill()
                    self.launchers_killed += 1
        raise Failure("a sweep does not end")

    def disturb(self, way, out, duration):
        """Starts it and ends it at a random moment. Whether it came to its own end, and how it was
        ended."""
        # A limit on the size of files stands for the full disk; MPI itself does not start with it.
        how = random.choice(("kill", "kill", "kill", "term", "kill" if way == "mpi" else "full"))
        if how == "full":
            held = out / "results.sqlite"
            size = held.stat().st_size if held.exists() else 0
            process = self.start(way, out, size + random.randint(0, 40_000))
            text = process.communicate(timeout=600)[0]
            if process.returncode not in (0, 2):
                raise Failure(f"{way} on a full disk: exit {process.returncode}: {text}")
            return process.returncode == 0, how
        process = self.start(way, out)
        try:
            process.wait(random.uniform(0.0, duration))  # it may be sooner done than expected
        except subprocess.TimeoutExpired:
            pass
        victims = [process.pid, *descendants(process.pid)]
        victim = random.choice(victims)
        try:
            os.kill(victim, signal.SIGKILL if how == "kill" else signal.SIGTERM)
        except ProcessLookupError:
            pass
        text = self.output(process, victims)
        # A rank whose mpirun is gone ends at once, but not at the same moment.
        deadline = time.monotonic() + 30
        while any(pathlib.Path(f"/proc/{pid}/exe").exists() for pid in victims):
            if time.monotonic() > deadline:
                raise Failure(f"{way}: processes live on after {how}")
            time.sleep(0.01)
        return process.returncode == 0, f"{how}: {text[-300:]}"

    def run(self, way, expected, duration):
        """One sweep, disturbed until it ends. How often it was disturbed."""
        out = self.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        count, held = 0, set()
        ended = False
        while not ended:
            ended, how = self.disturb(way, out, duration)
            rows = rows_of(out)
            if len(set(rows)) != len(rows):
                raise Failure(f"{way}: a row is stored twice after {how}")
            lost = held - set(rows)
            if lost:
                raise Failure(f"{way}: {len(lost)} rows were lost by {how}")
            held = set(rows)
            count += not ended
            if not ended and count % 25 == 0:
                duration *= 1.3  # it must get further than its start
        if way == "shard":
            merged = self.folder / "merged"
            shutil.rmtree(merged, ignore_errors=True)
            done = subprocess.run(
                [str(self.options.program), "merge", str(merged), str(out),
                 str(self.folder / "shard2"), "--quiet", "--no-plot"], capture_output=True, text=True)
            if done.returncode != 0:
                raise Failure(f"merge: {done.stderr}")
            out = merged
        for name, text in expected.items():
            if (out / name).read_bytes() != text:
                raise Failure(f"{way}: {name} differs from that of an undisturbed sweep")
        return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--mpirun", default=shutil.which("mpirun"))
    parser.add_argument("--no-mpi", action="store_true", help="the program has none")
    options = parser.parse_args()
    options.program = options.program.resolve()
    random.seed(options.seed)
    ways = ["alone", "shard"]
    if options.mpirun and not options.no_mpi:
        ways.append("mpi")
    with tempfile.TemporaryDirectory() as name:
        trial = Trial(options, pathlib.Path(name))
        (trial.folder / "sweep.yaml").write_text(SWEEP)
        whole = trial.folder / "whole"
        durations = {"alone": trial.whole("alone", whole)}
        expected = {name: (whole / name).read_bytes() for name in TABLES}
        for way in ways[1:]:
            durations[way] = trial.whole(way, trial.folder / f"whole-{way}")
        second = trial.sweep(trial.folder / "shard2", "--shard", f"2/{SHARDS}")
        subprocess.run(second, check=True, capture_output=True)
        kills = {way: 0 for way in ways}
        sweeps = 0
        while sum(kills.values()) < options.kills:
            way = ways[sweeps % len(ways)]
            start = time.monotonic()
            interrupted = trial.run(way, expected, durations[way])
            if interrupted == 0:  # the machine has become faster
                durations[way] = min(durations[way], time.monotonic() - start)
            kills[way] += interrupted
            sweeps += 1
        print(json.dumps({"seed": options.seed, "sweeps": sweeps, "interrupted": kills,
                          "rows_lost": 0, "rows_repeated": 0, "tables": "equal",
                          "mpirun_hung": trial.launchers_killed}))


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"kills.py: {failure}")
