#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# contents.sv beside its file of words: contents.sh SIMULATOR RTL_DPI LIBRARIES WORK
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$4"
cd "$4"
for i in 0 1 2 3 4 5 6 7 8 9 a b c d e f; do echo "0000010$i"; done >words.mem
sh "$here/simulate.sh" "$1" "$2" "$3" "$4" contents "$here/contents.sv"
