#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the commands of a Markdown page as they are printed, and compares what they print.

run_page.py SOURCE_FOLDER BINARY_FOLDER PAGE.md [--update]

A fenced block whose first line begins with "$ " holds commands and their output. All of a page's
blocks run in order, in one fresh folder that holds the top folders of the source tree as links,
with `brownout` on PATH. A command goes on over lines that end in a backslash, and over the lines
of a here-document (<<'EOF' … EOF). What follows up to the next "$ " is its output: stdout, then,
if it failed, stderr. In the page "…" stands for any text within a line, and a line of "…" alone
for any number of lines. Times (a number before " s" or " images/s") may differ.

The page fails at the first output that differs. A command that exits with 2 or more fails unless
its output in the page begins with "brownout: error" or ends in such a line. With --update the page
is written anew with the real output; outputs that match as they stand are kept, and so is what "…"
left out, as far as the lines around it are found again.
"""
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

LINKED = ("configs", "docs", "examples", "models", "profiles", "rtl")
TIME = re.compile(r"\b\d+(?:\.\d+)?(?:e[+-]?\d+)?(?= (?:s|images/s)\b)")


class Step:
    """A command, the output that the page shows, and where both stand (lines counted from 0)."""

    def __init__(self, line):
        self.line, self.command, self.shown = line, [], []


def read_steps(lines):
    steps, fenced, ours, ending, open_command = [], False, False, None, False
    for number, line in enumerate(lines):
        if line.startswith("```"):
            fenced = not fenced
            ours = fenced and number + 1 < len(lines) and lines[number + 1].startswith("$ ")
            ending, open_command = None, False
            continue
        if not fenced or not ours:
            continue
        if ending is None and not open_command and line.startswith("$ "):
            steps.append(Step(number))
            text = line[2:]
        elif ending is not None or open_command:
            text = line
        else:
            steps[-1].shown.append(line)
            continue
        steps[-1].command.append(text)
        if ending is not None:
            if text == ending:
                ending = None
            continue
        open_command = text.endswith("\\")
        here = re.search(r"<<'?(\w+)'?", text)
        if here:
            ending = here.group(1)
    return steps


def pattern_of(shown):
    """A regular expression of the lines that a page shows."""
    parts = []
    for line in shown:
        if line.strip() == "…":
            parts.append(r"(?:.*\n)*?")
            continue
        pieces = [TIME.sub("\0", piece) for piece in line.rstrip().split("…")]
        text = ".*?".join(re.escape(piece) for piece in pieces)
        parts.append(text.replace(re.escape("\0"), TIME.pattern.replace(r"\b", "", 1)) + r"[ ]*\n")
    return re.compile("".join(parts) + r"\Z")


def run(step, folder, environment):
    done = subprocess.run(["bash", "-c", "\n".join(step.command)], cwd=folder, env=environment,
                          capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    output = done.stdout if done.returncode == 0 else done.stdout + done.stderr
    lines = [line.rstrip() for line in output.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return done, lines


def trimmed(shown):
    lines = list(shown)
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def nearest_line(line, real, begin):
    """The place from `begin` on of the line that is most like `line`."""
    likeness = [difflib.SequenceMatcher(None, line, other).ratio() for other in real[begin:]]
    return begin + max(range(len(likeness)), key=likeness.__getitem__) if likeness else begin


def elided(shown, real):
    """The real output, without what the page leaves out."""
    segments = [[]]
    for line in shown:
        if line.strip() == "…":
            segments.append([])
        else:
            segments[-1].append(line)
    result, at = [], 0
    for number, segment in enumerate(segments):
        last = number == len(segments) - 1
        if segment and number > 0:
            at = nearest_line(segment[0], real, at)
        begin = at
        if last:
            at = len(real) if segment or number == 0 else begin
        elif segment:
            at = min(nearest_line(segment[-1], real, at) + 1, len(real))
        result += real[begin:at] + ([] if last else ["…"])
    with_gaps = [line for line in shown if "…" in line and line.strip() != "…"]
    for number, line in enumerate(result):
        for kept in with_gaps:
            if line != "…" and pattern_of([kept]).match(line + "\n"):
                result[number] = kept
    return result


def update(page, lines, results):
    for step, real in reversed(results):
        if real is None:
            continue
        begin = step.line + len(step.command)
        lines[begin:begin + len(step.shown)] = real
    page.write_text("\n".join(lines), encoding="utf-8")


def main():
    root, binaries, page = (pathlib.Path(name).resolve() for name in sys.argv[1:4])
    updating = "--update" in sys.argv[4:]
    lines = page.read_text(encoding="utf-8").split("\n")
    steps = read_steps(lines)
    if not steps:
        sys.exit(f"{page}: has no commands")
    environment = dict(os.environ, PATH=f"{binaries}:{os.environ['PATH']}", LC_ALL="C.UTF-8")
    began, results, problems = time.monotonic(), [], 0
    with tempfile.TemporaryDirectory(prefix="brownout-page-") as name:
        folder = pathlib.Path(name)
        for top in LINKED:
            (folder / top).symlink_to(root / top)
        for step in steps:
            start = time.monotonic()
            done, real = run(step, folder, environment)
            shown = trimmed(step.shown)
            same = pattern_of(shown).match("".join(line + "\n" for line in real)) is not None
            expected_failure = bool(shown) and "error" in shown[-1]
            failed = done.returncode != 0 and not expected_failure
            print(f"{page.name}:{step.line + 1}: {time.monotonic() - start:6.1f} s  {step.command[0]}")
            results.append((step, None if same else elided(shown, real) + step.shown[len(shown):]))
            if same and not failed:
                continue
            problems += 1
            print(f"exit code {done.returncode}; expected\n" + "\n".join(shown) + "\ngot\n"
                  + "\n".join(real) + "\n" + done.stderr[-2000:])
            if not updating:
                break
    print(f"{page.name}: {len(steps)} commands, {time.monotonic() - began:.0f} s")
    if updating:
        update(page, lines, results)
    return 1 if problems and not updating else 0


if __name__ == "__main__":
    sys.exit(main())
