#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Brings the files that public_networks.yaml lists into a folder: FOLDER/OWNER/REPOSITORY/PATH.

python3 fetch_public_networks.py FOLDER [--sources DIR]

Each repository is fetched with git from GitHub: the one commit, and of it only the files that are
listed. With --sources, repositories that lie in DIR/OWNER+NAME/repo or DIR/OWNER/NAME (git
directories, with or without a work tree) are read there, and nothing comes from the network.
"""
import argparse
import hashlib
import pathlib
import subprocess
import sys
import tempfile

import yaml  # python3-yaml

LIST = pathlib.Path(__file__).with_name("public_networks.yaml")


def git(directory, *words):
    return subprocess.run(["git", "-C", str(directory), *words], check=True, capture_output=True).stdout


def source_of(name, sources):
    """A git directory of the repository among those on this machine."""
    for place in (sources / name.replace("/", "+") / "repo", sources / name):
        if place.is_dir():
            return place
    sys.exit(f"{name}: not in {sources}")


def fetch(repository, directory):
    """A clone of one commit, whose files come when they are asked for."""
    git(directory, "init", "--quiet")
    git(directory, "remote", "add", "origin", f"https://github.com/{repository['name']}.git")
    git(directory, "config", "remote.origin.promisor", "true")
    git(directory, "config", "remote.origin.partialclonefilter", "blob:none")
    git(directory, "fetch", "--quiet", "--depth", "1", "--filter=blob:none", "origin",
        repository["commit"])


def copy_files(repository, directory, folder):
    for row in repository["files"]:
        for path in filter(None, (row["path"], row.get("data"))):
            target = folder / repository["name"] / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(git(directory, "show", f"{repository['commit']}:{path}"))
        found = hashlib.sha256((folder / repository["name"] / row["path"]).read_bytes()).hexdigest()
        if found != row["sha256"]:
            sys.exit(f"{repository['name']}/{row['path']}: SHA-256 is {found}, expected {row['sha256']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--sources", type=pathlib.Path, help="git directories on this machine")
    arguments = parser.parse_args()
    for repository in yaml.safe_load(LIST.read_text())["repositories"]:
        print(f"{repository['name']}: {len(repository['files'])} files", flush=True)
        if arguments.sources:
            copy_files(repository, source_of(repository["name"], arguments.sources), arguments.folder)
            continue
        with tempfile.TemporaryDirectory() as directory:
            fetch(repository, directory)
            copy_files(repository, directory, arguments.folder)


if __name__ == "__main__":
    main()
