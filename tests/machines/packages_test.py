#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Debian packages that CPack makes of this build: their files, modes and control fields.

packages_test.py BUILD SOURCE makes them in a temporary folder and needs no root. It fails if a file
is missing, has a wrong mode or a path of this machine in it, or if a field is not as it should be;
exit code 77 (skipped) where dpkg-shlibdeps, gzip or file are not installed.
"""
import gzip
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# Files that each package must have, as patterns of whole paths; "DOC" is its folder of share/doc.
EXPECTED = {
    "brownout": [
        "usr/bin/brownout", "usr/share/man/man1/brownout.1.gz", "usr/share/man/man1/brownout-eval.1.gz",
        "usr/share/man/man1/brownout-profile-inspect.1.gz", "usr/share/bash-completion/completions/brownout",
        "usr/share/zsh/[a-z-]+/_brownout", "usr/share/fish/vendor_completions.d/brownout.fish",
        "usr/share/brownout/models/fmnist-simplenet16-randbet-8b.onnx", "usr/share/brownout/models/simplenet.yaml",
        "usr/share/brownout/profiles/chip1-synthetic.h5", "usr/share/brownout/profiles/14nm-finfet.yaml",
        "usr/share/brownout/configs/sweeps/demo.yaml", "usr/share/brownout/configs/accelerators/edge-16x16.yaml",
        "usr/share/brownout/configs/trainings/fmnist-vgg3-ce-4b.yaml", "usr/share/doc/brownout/README.md",
        "usr/share/doc/brownout/docs/overview.md",
    ],
    "brownout-train": ["usr/bin/brownout-train", "usr/share/man/man1/brownout-train.1.gz",
                       "usr/share/bash-completion/completions/brownout-train"],
    "libbrownout-dev": ["usr/include/brownout/chip.hpp", r"usr/lib/(.*/)?cmake/Brownout/BrownoutConfig\.cmake",
                        r"usr/lib/(.*/)?pkgconfig/brownout\.pc"],
    "python3-brownout": [r"usr/lib/python3.*/brownout/__init__\.py", r"usr/lib/python3.*/brownout/_core\..*\.so"],
}
FIELDS = {"Maintainer": r".+ <.+@.+>", "Priority": "optional", "Section": r"\w+", "Version": r"\d+\.\d+\.\d+-\d+",
          "Architecture": r"\w+", "Installed-Size": r"\d+", "Description": r"[^\n]{10,78}[^.\n]\n (.|\n)+"}


def fail_unless(condition, message):
    if not condition:
        sys.exit(f"packages_test.py: {message}")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def field(package, name):
    return run("dpkg-deb", "-f", package, name).strip()


def check_field_values(package, name, version):
    for one, pattern in FIELDS.items():
        value = field(package, one)
        fail_unless(re.fullmatch(pattern, value), f"{name}: {one}: unexpected {value!r}")
    depends = field(package, "Depends")
    if name != "brownout":
        fail_unless(f"brownout (= {version})" in depends, f"{name}: does not depend on its own brownout: {depends}")
    if name in ("brownout", "brownout-train", "python3-brownout"):
        fail_unless("libc6 (>=" in depends, f"{name}: no dependencies of its programs: {depends}")
    if name == "brownout-train":
        fail_unless("libtorch" in depends, f"{name}: expected LibTorch among {depends}")
    if name == "python3-brownout":
        minor = re.search(r"python3 \(>= 3\.(\d+)\)", depends)
        fail_unless(minor and f"python3 (<< 3.{int(minor[1]) + 1})" in depends and "python3-numpy" in depends,
                    f"{name}: expected one minor version of Python and NumPy among {depends}")


def paths_of(build, source):
    """Paths of this machine that no package may have in it."""
    # A build that is told to look for shipped files in the source folder has its name, but no file's.
    cache = (build / "CMakeCache.txt").read_text()
    told = re.search(r"^BROWNOUT_SHIPPED_FILES:[A-Z]+=(.*)$", cache, re.M)[1]
    return [str(build).encode(), (str(source) + "/" if told == str(source) else str(source)).encode()]


def check_tree(tree, name, places):
    files = sorted(path for path in tree.rglob("*") if not path.is_dir() or path.is_symlink())
    names = [str(path.relative_to(tree)) for path in files]
    document = f"usr/share/doc/{name}/"
    for pattern in EXPECTED[name] + [document + "copyright", document + r"changelog\.Debian\.gz"]:
        found = [one for one in names if re.fullmatch(pattern, one)]
        fail_unless(found, f"{name}: no file {pattern}")
    changes = gzip.open(tree / document / "changelog.Debian.gz", "rt").read()
    fail_unless(changes.startswith("brownout ("), f"{name}: changelog: {changes[:40]!r}")
    for path in tree.rglob("*"):
        mode = path.lstat().st_mode & 0o7777
        program = path.is_dir() or path.parent.name == "bin"
        one = str(path.relative_to(tree))
        if path.is_symlink():
            fail_unless(not os.readlink(path).startswith("/"), f"{name}: {one}: absolute link")
        elif not re.search(r"\.(py|sh)$", one):  # scripts of examples may be run
            fail_unless(mode == (0o755 if program else 0o644), f"{name}: {one}: mode {mode:o}")
    for path in files:
        if path.is_symlink():
            continue
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        for place in places:
            fail_unless(place not in content, f"{name}: {path.relative_to(tree)} has {place.decode()} in it")
        if content.startswith(b"\x7fELF"):
            sections = run("readelf", "-S", "-W", path)
            fail_unless(".symtab" not in sections, f"{name}: {path.relative_to(tree)} is not stripped")
            fail_unless("RUNPATH" not in run("readelf", "-d", path), f"{name}: {path.relative_to(tree)} has a RUNPATH")


def check_uses(tree):
    """The command of the unpacked package finds its own data, and writes none of its folders."""
    program = tree / "usr/bin/brownout"
    with tempfile.TemporaryDirectory() as folder:
        listed = subprocess.run([program, "accelerator", "list"], cwd=folder, check=True, capture_output=True, text=True)
        fail_unless("edge-16x16" in listed.stdout, listed.stdout)
        shown = subprocess.run([program, "model", "inspect", "fmnist-vgg3-ce-4b"], cwd=folder, check=True,
                               capture_output=True, text=True)
        fail_unless(str(tree) in shown.stdout or "vgg3" in shown.stdout, shown.stdout)
        wrong = subprocess.run([program, "model", "inspect", "fmnist-vgg3-ce-5b"], cwd=folder, capture_output=True, text=True)
        fail_unless(wrong.returncode == 2 and 'did you mean "fmnist-vgg3-ce-4b"?' in wrong.stderr, wrong.stderr)


def main():
    build, source = (pathlib.Path(one).resolve() for one in sys.argv[1:3])
    for tool in ("dpkg-deb", "dpkg-shlibdeps", "gzip", "file", "readelf"):
        if shutil.which(tool) is None:
            print(f"packages_test.py: skipped: {tool} is not installed")
            sys.exit(77)
    places = paths_of(build, source)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        done = subprocess.run(["cpack", "--config", build / "CPackConfig.cmake", "-B", folder,
                               "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=none"], capture_output=True, text=True)
        fail_unless(done.returncode == 0, done.stdout + done.stderr)
        packages = {field(path, "Package"): path for path in folder.glob("*.deb")}
        fail_unless("brownout" in packages, f"no package brownout among {sorted(packages)}")
        version = field(packages["brownout"], "Version")
        shutil.rmtree(folder / "_CPack_Packages")
        for package, path in sorted(packages.items()):
            fail_unless(package in EXPECTED, f"unexpected package {package}")
            check_field_values(path, package, version)
            tree = folder / package
            run("dpkg-deb", "-x", path, tree)
            check_tree(tree, package, places)
        check_uses(folder / "brownout")
        print(", ".join(f"{package} {path.stat().st_size >> 10} KiB" for package, path in sorted(packages.items())))


if __name__ == "__main__":
    main()
