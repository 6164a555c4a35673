#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The order of the rooms, as docs/architecture.md lists them from the top down.

includes_test.py SOURCE_FOLDER fails, and says where, when
- a file includes a file of a room above its own, or of a room that has no row in the table;
- the trainers include a room that the page does not name for them;
- a room includes a room that its CMakeLists.txt does not link, or links one above itself;
- sim/report, which only presents, includes a room that computes what it prints;
- a public header includes anything but standard headers and other public headers, or a room below
  sim/api includes one other than the errors;
- two rooms have files of the same base name, so that a reader (or a tool) takes the source in one
  for that of the header in the other. Sources of sim/cli are named after verbs and may.
"""
import collections
import pathlib
import re
import sys

SUFFIXES = (".cpp", ".hpp")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
# Reports get numbers from sim/results, sim/runs and sim/study. They compute none.
FORBIDDEN = {"report": ("technology", "mapping")}
# What a program includes that uses the library. sim/api implements it; every room throws its errors.
PUBLIC = pathlib.PurePosixPath("sim/include/brownout")
PUBLIC_FOR_ALL = "brownout/error.hpp"
TARGET = re.compile(r"brownout_room\((\w+)(.*?)\)\s*$", re.MULTILINE | re.DOTALL)


def fail_unless(condition, message):
    if not condition:
        sys.exit(f"includes_test.py: {message}")


def read_page(root):
    """Rooms from the top down, and those that the trainers use."""
    page = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = re.findall(r"^\| `sim/(\w+)` \|", page, re.MULTILINE)
    sentence = re.search(r"the trainers use (.*?), and nothing", page, re.DOTALL)
    fail_unless(len(rooms) > 10 and sentence, "docs/architecture.md has no table of rooms")
    return rooms, re.findall(r"`(\w+)`", sentence.group(1))


def sources(root):
    for top in ("sim", "trainers"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in SUFFIXES and path.relative_to(root).parent != PUBLIC:
                yield path.relative_to(root)


def public_errors(root, floor):
    """Wrong includes in public headers, and of them."""
    headers = {f"brownout/{path.name}" for path in (root / PUBLIC).glob("*.hpp")}
    fail_unless(PUBLIC_FOR_ALL in headers, f"{PUBLIC} has no {PUBLIC_FOR_ALL}")
    for header in sorted(headers):
        for name in INCLUDE.findall((root / PUBLIC.parent / header).read_text(encoding="utf-8")):
            if name not in headers:
                yield f'{PUBLIC.parent}/{header}: includes "{name}", which is not public'
    for path in sources(root):
        for name in INCLUDE.findall((root / path).read_text(encoding="utf-8")):
            if not name.startswith("brownout/"):
                continue
            if name not in headers:
                yield f'{path}: includes "{name}", which does not exist'
            elif name != PUBLIC_FOR_ALL and floor.get(room_of(path), 0) < floor["api"]:
                yield f'{path}: includes "{name}"; expected a room above sim/api, or sim/api'


def room_of(path):
    return path.parts[1] if path.parts[0] == "sim" else path.parts[0]


def included_rooms(root, path):
    """(room, path) of every project file that a file includes."""
    for name in INCLUDE.findall((root / path).read_text(encoding="utf-8")):
        parts = pathlib.PurePosixPath(name).parts
        if parts[0] in ("sim", "trainers", "tests"):
            yield (parts[1] if parts[0] == "sim" else parts[0]), name


def read_links(root, rooms):
    """Targets that each target links: (public, all); targets by room."""
    links, targets = {}, collections.defaultdict(list)
    for room in [f"sim/{room}" for room in rooms] + ["trainers"]:
        text = (root / room / "CMakeLists.txt").read_text(encoding="utf-8")
        for name, body in TARGET.findall(text):
            public = re.search(r"\bPUBLIC\b(.*?)(?=\bPRIVATE\b|\Z)", body, re.DOTALL)
            links[name] = (
                re.findall(r"brownout::(\w+)", public.group(1)) if public else [],
                re.findall(r"brownout::(\w+)", body),
            )
            targets[room.split("/")[-1]].append(name)
    return links, targets


def reachable(links, target):
    found, waiting = set(), list(links[target][1])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += links.get(name, ([], []))[0]
    return found


def main():
    root = pathlib.Path(sys.argv[1])
    rooms, for_trainers = read_page(root)
    floor = {room: number for number, room in enumerate(reversed(rooms))}
    errors, includes = [], 0

    errors += public_errors(root, floor)
    folders = {path.parent.name for path in (root / "sim").glob("*/CMakeLists.txt")}
    for name in sorted(folders ^ set(rooms)):
        errors.append(f"sim/{name}: expected both a folder and a row in docs/architecture.md")

    used = collections.defaultdict(dict)  # room → room that it includes → where
    for path in sources(root):
        here = room_of(path)
        for there, name in included_rooms(root, path):
            includes += 1
            used[here].setdefault(there, path)
            if there == here:
                continue
            if here == "trainers":
                allowed = there in for_trainers
            else:
                allowed = floor.get(there, len(rooms)) < floor.get(here, 0)
            if there in FORBIDDEN.get(here, ()):
                errors.append(f'{path}: includes "{name}"; expected a number ready-made, in a struct of results')
            if not allowed:
                errors.append(f'{path}: includes "{name}", a room that {here} may not use')
    fail_unless(includes > 500, f"only {includes} includes found")

    links, targets = read_links(root, rooms)
    room_of_target = {target: room for room, names in targets.items() for target in names}
    for room, names in targets.items():
        linked = set()
        for target in names:
            for name in links[target][1]:
                to = room_of_target.get(name)
                if room != "trainers" and to != room and floor.get(to, len(rooms)) > floor[room]:
                    errors.append(f"sim/{room}/CMakeLists.txt: links brownout::{name}, a room above")
            linked |= {room_of_target.get(name) for name in reachable(links, target)}
        for other, path in sorted(used[room].items()):
            if other != room and other not in linked:
                errors.append(f"{path}: includes {other}, which the CMakeLists.txt of {room} does not link")

    where = collections.defaultdict(lambda: collections.defaultdict(list))  # base name → room → files
    files = set(sources(root))
    for path in sorted(files):
        a_verb = path.parts[:2] == ("sim", "cli") and path.with_suffix(".hpp") not in files
        if not a_verb and path.name != "main.cpp":
            where[path.stem][room_of(path)].append(str(path))
    for stem, by_room in sorted(where.items()):
        if len(by_room) > 1:
            shared = ", ".join(file for names in by_room.values() for file in names)
            errors.append(f"one base name in several rooms: {shared}")

    for error in errors:
        print(error, file=sys.stderr)
    print(f"{len(files)} files in {len(rooms) + 1} rooms, {includes} includes, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
