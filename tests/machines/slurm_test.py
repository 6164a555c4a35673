#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The scripts of configs/slurm on a Slurm of one machine, which this test starts and ends.

    tests/machines/slurm_test.py build/release/brownout SOURCE [--mpi]

A sweep on ranks, and one as a job array that is merged, must give the tables of one process. Exit
code 77, with the reason, where Slurm cannot start (it needs Debian's slurm-wlm and munge).
"""
import argparse
import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

SWEEP = """technology: 14nm-finfet
models: [fmnist-simplenet16-normal-8b, fmnist-simplenet16-randbet-8b]
dataset: fashion-mnist
images: 50
chips: 4
voltages: [0.95, 0.85, 0.8]
safe_voltage: {yield: mean, stated_on: 2, tolerance: 0.01}
"""
TABLES = ("points.csv", "samples.csv", "safe_voltage.csv")


class CannotStart(Exception):
    pass


def free_ports(count):
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class Slurm:
    """A cluster of this machine alone, in a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.host = socket.gethostname().split(".")[0]
        self.processes = []
        self.environment = dict(os.environ, SLURM_CONF=str(folder / "slurm.conf"))
        for name in [name for name in self.environment if name.startswith(("SLURM_", "OMPI_", "PMI"))]:
            if name != "SLURM_CONF":
                del self.environment[name]

    def start(self):
        for program in ("munged", "slurmctld", "slurmd", "sbatch", "srun"):
            if shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin") is None:
                raise CannotStart(f"{program} is not installed (Debian: slurm-wlm and munge)")
        self.environment["PATH"] += ":/usr/sbin"
        munge = self.folder / "munge"
        for name in ("munge", "state", "spool"):
            (self.folder / name).mkdir()
        munge.chmod(0o755)
        (munge / "key").write_bytes(os.urandom(1024))
        (munge / "key").chmod(0o400)
        controller, daemon = free_ports(2)
        user = os.environ.get("USER") or "root"
        if os.geteuid() == 0:
            user = "root"
        (self.folder / "slurm.conf").write_text(f"""ClusterName=test
SlurmctldHost={self.host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
AuthType=auth/munge
AuthInfo=socket={munge}/socket
CredType=cred/munge
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={self.folder}/state
SlurmdSpoolDir={self.folder}/spool
SlurmctldPidFile={self.folder}/slurmctld.pid
SlurmdPidFile={self.folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerParameters=sched_interval=1,bf_interval=1,defer
NodeName={self.host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes={self.host} Default=YES MaxTime=INFINITE State=UP
""")
        self.launch("munged", ["munged", "--foreground", "--force", f"--socket={munge}/socket",
                               f"--key-file={munge}/key", f"--pid-file={munge}/pid",
                               f"--log-file={munge}/log", f"--seed-file={munge}/seed"])
        self.wait_for("munged", lambda: (munge / "socket").exists())
        self.launch("slurmctld", ["slurmctld", "-D", "-f", self.folder / "slurm.conf"])
        self.launch("slurmd", ["slurmd", "-D", "-f", self.folder / "slurm.conf"])
        self.wait_for("slurmd", lambda: "idle" in self.call(["sinfo", "-h", "-o", "%t"]).stdout)

    def launch(self, name, words):
        log = open(self.folder / f"{name}.log", "w", encoding="utf-8")
        self.processes.append((name, subprocess.Popen(words, env=self.environment, stdout=log,
                                                      stderr=log, start_new_session=True)))

    def wait_for(self, name, ready):
        deadline = time.monotonic() + 30
        while not ready():
            process = dict(self.processes)[name]
            if process.poll() is not None or time.monotonic() > deadline:
                raise CannotStart(f"{name} does not start: "
                                  + (self.folder / f"{name}.log").read_text()[-500:])
            time.sleep(0.2)

    def call(self, words, **more):
        return subprocess.run([str(word) for word in words], env={**self.environment, **more},
                              capture_output=True, text=True, cwd=self.folder, timeout=300)

    def end(self):
        for _, process in reversed(self.processes):
            process.terminate()
        for _, process in reversed(self.processes):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def expect(true, text):
    if not true:
        sys.exit(f"slurm_test.py: {text}")


def submit(slurm, words, **more):
    done = slurm.call(["sbatch", "--wait", "--output", slurm.folder / "job-%A-%a.out", *words], **more)
    logs = "".join(log.read_text() for log in sorted(slurm.folder.glob("job-*.out")))
    expect(done.returncode == 0, f"{words[-4:]}: {done.stderr}{logs}")


def same_tables(whole, out, what):
    for name in TABLES:
        expect((out / name).read_bytes() == (whole / name).read_bytes(), f"{what}: {name} differs")


def check(slurm, options):
    scripts = options.source / "configs" / "slurm"
    sweep = slurm.folder / "sweep.yaml"
    sweep.write_text(SWEEP)
    whole = slurm.folder / "whole"
    alone = subprocess.run([options.program, "sweep", sweep, "--out", whole, "--quiet", "--no-plot"],
                           capture_output=True, text=True)
    expect(alone.returncode == 0, alone.stderr)
    program = {"BROWNOUT": str(options.program)}

    array = slurm.folder / "array"
    submit(slurm, ["--array=1-3", scripts / "shards.sbatch", sweep, array], **program)
    submit(slurm, [scripts / "merge.sbatch", array, "--no-plot", "--quiet"], **program)
    same_tables(whole, array, "the merged array")

    # Each mistake is said once.
    done = slurm.call(["srun", "-n", "2", options.program, "sweep", sweep, "--out", "mistake"])
    expected = "expected srun --mpi=pmix" if options.mpi else "this program was built without MPI"
    text = done.stderr.replace("srun: error: ", "")
    expect(text.count("error: ") == 1 and expected in text, f"srun without pmix: {done.stderr}")
    expect(not (slurm.folder / "mistake").exists(), "srun without pmix: a folder was made")
    if not options.mpi:
        return
    ranks = slurm.folder / "ranks"
    submit(slurm, ["--ntasks=2", scripts / "ranks.sbatch", sweep, "--out", ranks, "--no-plot"],
           **program)
    same_tables(whole, ranks, "the ranks")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("--mpi", action="store_true", help="the program has it")
    options = parser.parse_args()
    options.program, options.source = options.program.resolve(), options.source.resolve()
    with tempfile.TemporaryDirectory(prefix="slurm-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)  # munged talks to no socket in a closed folder
        slurm = Slurm(folder)
        try:
            slurm.start()
            check(slurm, options)
        except CannotStart as reason:
            print(f"skipped: {reason}")
            return 77
        finally:
            slurm.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
