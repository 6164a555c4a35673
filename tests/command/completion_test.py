#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Completions and manual pages in the programs that read them.

completion_test.py BROWNOUT writes the pages of `brownout help --pages` and
- asks bash, zsh and fish what they offer: verbs, options, values of a list, names of shipped files,
  files of a folder by their endings;
- has man and mandoc read every manual page, and fails on any remark.
A shell or reader that is not installed is left out, and the last line says which were used; at
least bash has to be there.
"""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

# What is typed, and what must be offered, in full.
CASES = [
    ("brownout ev", {"eval"}),
    ("brownout model i", {"import", "inspect"}),
    ("brownout eval x.onnx --off", {"--offsets"}),
    ("brownout eval x.onnx --engine f", {"functional", "float"}),
    ("brownout eval fmnist-vgg3-", {"fmnist-vgg3-ce-4b", "fmnist-vgg3-mcel-4b"}),
    ("brownout run x.onnx --accelerator ed", {"edge-16x16"}),
    ("brownout eval x.onnx --chip rand", {"random:"}),
    ("brownout profile import st", {"stuck-at"}),
    ("brownout sweep dem", {"demo"}),
    ("brownout help vo", {"voltages"}),
    ("brownout train x.yaml --device c", {"cpu", "cuda"}),
    ("brownout-train x.yaml --dev", {"--device"}),
    ("brownout-train x.yaml --device c", {"cpu", "cuda"}),
]
# Files of a folder, and which of them are offered. Names beside them do not matter.
FILES = ["b.sh", "my chip.h5", "net.onnx", "grid.yaml", "old.yml", "rows.csv", "sub/e.h5", "sub/f.onnx"]
FILE_CASES = [
    ("brownout eval ", {"net.onnx", "sub"}),
    ("brownout eval n", {"net.onnx"}),
    ("brownout eval b", set()),
    ("brownout eval sub/", {"f.onnx"}),
    ("brownout eval x.onnx --chip ", {"my chip.h5", "sub"}),
    ("brownout eval x.onnx --chip=", {"my chip.h5", "sub"}),
    ("brownout eval --chip ", {"my chip.h5", "sub"}),
    ("brownout eval x.onnx --chip my", {"my chip.h5"}),
    ("brownout eval x.onnx --chip=my", {"my chip.h5"}),
    ("brownout eval x.onnx --chip b", set()),
    ("brownout eval x.onnx --chip sub/", {"e.h5"}),
    ("brownout eval x.onnx --chip=sub/", {"e.h5"}),
    ("brownout eval x.onnx --accelerator ", {"grid.yaml", "old.yml", "sub"}),
    ("brownout eval x.onnx --samples ", {"rows.csv", "sub"}),
    ("brownout eval x.onnx --data ", {"sub"}),
    ("brownout eval x.onnx --data=", {"sub"}),
    ("brownout eval x.onnx --json=", {one.partition("/")[0] for one in FILES}),
    ("brownout sweep ", {"grid.yaml", "old.yml", "sub"}),
    ("brownout-train ", {"grid.yaml", "old.yml", "sub"}),
]
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "TERM": "dumb", "LC_ALL": "C.UTF-8"}


def program_of(line):
    return line.split()[0]


def bash_offers(pages, line, folder):
    words = line.replace("=", " = ").split(" ")  # as bash splits them
    name = "_" + words[0].replace("-", "_")
    script = (
        f'source "{pages}/bash/{words[0]}"\nCOMP_WORDS=({" ".join(words)})\n'
        f"COMP_CWORD={len(words) - 1}\n{name}\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
    )
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return set(done.stdout.splitlines())


def fish_offers(pages, line, folder):
    script = f'source "{pages}/fish/{program_of(line)}"; complete -C "{line}"'
    environment = dict(ENVIRONMENT, HOME=str(folder))
    done = subprocess.run(["fish", "--no-config", "-c", script], cwd=folder, env=environment,
                          capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    names = {one.split("\t")[0] for one in done.stdout.splitlines()}
    return {re.sub("^--[a-z-]+=(?=.)", "", one) for one in names}


class Zsh:
    """An interactive zsh in a terminal; a key lists what it would offer, one name a line."""

    def __init__(self, pages, folder):
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            os.chdir(folder)
            os.execvpe("zsh", ["zsh", "-f", "-i"], dict(ENVIRONMENT, HOME=str(folder)))
        functions = folder / "functions"
        functions.mkdir()
        for name in ("brownout", "brownout-train"):
            shutil.copy(pages / "zsh" / name, functions / ("_" + name))
        setup = [
            "unsetopt zle_bracketed_paste beep; PS1='' LISTMAX=1000 COLUMNS=200; stty -echo",
            f"fpath=({functions} $fpath); autoload -U compinit; compinit -u -D",
            # compadd with -O keeps the names that match what was typed.
            "compadd() { local -a got; if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then "
            "builtin compadd \"$@\"; return; fi; builtin compadd -O got \"$@\"; offered+=($got); "
            "builtin compadd \"$@\" }",
            "typeset -a offered; show() { offered=(); zle complete-word; "
            "print -rn -- $'\\002'${(pj:\\036:)offered}$'\\003'; zle kill-buffer }",
            "zle -C complete-word complete-word _main_complete; zle -N show; bindkey '^X' show",
            "print -n $'\\002\\003'",
        ]
        for command in setup:
            os.write(self.terminal, (command + "\n").encode())
        self.read_until("\x02\x03")

    def read_until(self, pattern):
        text, end = "", time.monotonic() + 60
        while not re.search(pattern, text):
            left = end - time.monotonic()
            assert left > 0, f"zsh did not answer; it said: {text!r}"
            if select.select([self.terminal], [], [], left)[0]:
                text += os.read(self.terminal, 65536).decode(errors="replace")
        return text

    def offers(self, line):
        os.write(self.terminal, line.encode() + b"\x18")
        found = re.search("\x02([^\x03]*)\x03", self.read_until("\x02[^\x03]*\x03"))
        return {one.replace("\\", "") for one in found.group(1).replace("\r\n", "").split("\x1e")}

    def close(self):
        os.close(self.terminal)
        os.waitpid(self.child, 0)


def check(shell, line, offered, expected):
    names = {one.rstrip("= ") for one in offered} - {""}
    if names != expected:
        sys.exit(f"completion_test.py: {shell}: {line!r}: expected {sorted(expected)}, got {sorted(names)}")


def check_files(shell, line, offered, expected):
    """Of what is offered, the files and folders that are there. Zsh has a file's folder elsewhere."""
    known = {part for one in FILES for part in one.split("/")}
    check(shell, line, {pathlib.PurePath(one).name for one in offered} & known, expected)


def check_shells(pages, folder, files):
    used = []
    for shell, offers in (("bash", bash_offers), ("fish", fish_offers)):
        if shutil.which(shell) is None:
            continue
        for line, expected in CASES:
            check(shell, line, offers(pages, line, folder), expected)
        for line, expected in FILE_CASES:
            check_files(shell, line, offers(pages, line, files), expected)
        used.append(shell)
    if shutil.which("zsh"):
        zsh = Zsh(pages, folder)
        for line, expected in CASES:
            check("zsh", line, zsh.offers(line), expected)
        zsh.close()
        zsh = Zsh(pages, files)
        for line, expected in FILE_CASES:
            check_files("zsh", line, zsh.offers(line), expected)
        zsh.close()
        used.append("zsh")
    return used


def check_pages(pages):
    found = sorted((pages / "man").glob("*.1"))
    assert len(found) > 25, found
    used = []
    readers = {"man": ["man", "--warnings", "-l"], "mandoc": ["mandoc", "-Tlint"]}
    for name, command in readers.items():
        if shutil.which(name) is None:
            continue
        used.append(name)
        for page in found:
            done = subprocess.run([*command, page], env=dict(ENVIRONMENT, MANWIDTH="100"),
                                  capture_output=True, text=True)
            remarks = done.stderr + (done.stdout if name == "mandoc" else "")
            if done.returncode != 0 or remarks:
                sys.exit(f"completion_test.py: {name}: {page.name}: {remarks}")
    return used


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        pages = folder / "pages"
        subprocess.run([program, "help", "--pages", pages], check=True)
        empty = folder / "empty"
        empty.mkdir()
        files = folder / "files"
        (files / "sub").mkdir(parents=True)
        for one in FILES:
            (files / one).touch()
        used = check_shells(pages, empty, files) + check_pages(pages)
    assert "bash" in used
    print("used:", ", ".join(used))


if __name__ == "__main__":
    main()
