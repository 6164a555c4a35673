#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every relative link in a Markdown page leads to a file that is there, and every #anchor to a heading.

links_test.py SOURCE_FOLDER prints each link that does not, with the page and line, and fails.
Anchors are made of headings as GitHub makes them.
"""
import pathlib
import re
import subprocess
import sys

LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
OUTSIDE = re.compile(r"^[a-z][a-z0-9+.-]*:")


def pages(root):
    """The Markdown files that git knows or would add; without git, all that are not in build/."""
    found = subprocess.run(
        ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        capture_output=True, text=True, check=False)
    if found.returncode == 0 and found.stdout:
        names = [root / name for name in found.stdout.split("\n") if name]
        return sorted({path for path in names if path.is_file()})
    return sorted(path for path in root.rglob("*.md") if "build" not in path.relative_to(root).parts)


def without_code(text):
    """Lines with fenced blocks and `code` blanked, so that line numbers stay."""
    lines, fenced = [], False
    for line in text.split("\n"):
        if line.lstrip().startswith("```"):
            fenced = not fenced
            line = ""
        lines.append("" if fenced else re.sub(r"`[^`]*`", "``", line))
    return lines


def anchors(path):
    """The anchors of a page's headings; equal ones are numbered."""
    found, seen, fenced = set(), {}, False
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        heading = re.match(r"#{1,6} (.*)", line)
        if fenced or not heading:
            continue
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(1)).strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
        count = seen.get(anchor, 0)
        seen[anchor] = count + 1
        found.add(f"{anchor}-{count}" if count else anchor)
    return found


def broken_links(root, page, cache):
    links = 0
    problems = []
    for number, line in enumerate(without_code(page.read_text(encoding="utf-8")), 1):
        for target in LINK.findall(line):
            if OUTSIDE.match(target):
                continue
            links += 1
            name, _, anchor = target.partition("#")
            file = (page.parent / name).resolve() if name else page
            place = f"{page.relative_to(root)}:{number}: {target}"
            if not file.exists():
                problems.append(f"{place}: there is no such file")
            elif anchor and file.suffix == ".md":
                if file not in cache:
                    cache[file] = anchors(file)
                if anchor not in cache[file]:
                    problems.append(f"{place}: {file.name} has no such heading")
    return links, problems


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    links, problems, cache, read = 0, [], {}, pages(root)
    for page in read:
        count, broken = broken_links(root, page, cache)
        links += count
        problems += broken
    for problem in problems:
        print(problem, file=sys.stderr)
    if links < 100:
        print(f"only {links} links found", file=sys.stderr)
        return 1
    print(f"{links} links in {len(read)} pages, {len(problems)} broken")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
