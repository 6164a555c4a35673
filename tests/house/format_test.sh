#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# format_test.sh FOLDER: every C++ file is formatted as .clang-format says, by clang-format 14, whose
# output other versions do not give. Exit code 77 (skipped) where that version is not installed.
set -euo pipefail
cd "$1"

for program in clang-format-14 clang-format; do
  version=$("$program" --version 2>/dev/null) || continue
  case "$version" in *"version 14."*) format=$program; break ;; esac
done
[ -n "${format:-}" ] || { echo "clang-format 14 is not installed"; exit 77; }

find sim tests trainers rtl -name '*.?pp' -print0 | sort -z | xargs -0 "$format" --dry-run -Werror
