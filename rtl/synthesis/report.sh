#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the area report of the core for several array sizes, in Markdown, to stdout:
# report.sh [SIZE...] > report.md
set -eu
cd "$(dirname "$0")"
arrays=128
depth=1024
check_bits=8
sizes=${*:-"4 8 16"}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat <<END
# Cells and area of the core

Written by \`rtl/synthesis/report.sh\` with $(yosys -V | cut -d ' ' -f 1,2), hierarchy kept, mapped for area, no timing constraint.
Areas are gate equivalents (GE): 1 = a two-input NAND; the table of gates is \`gates.lib\`. They are estimates to compare
modules with, not a layout: no clock tree, wires, scan or drive strengths. A module's own cells only, those of the modules
in it are in their own lines. SRAM is a black box, counted in bits: $arrays arrays of 512 x $((64 + check_bits)) bit (the selector
between them is not counted), and two accumulator halves of $depth x (columns + 1) x 32 bit. With CHECK_BITS = $check_bits; what
check codes cost is in the last table.
END

for size in $sizes; do
  sh synthesize.sh "$size" "$size" $arrays $depth $check_bits "$work/$size.txt" >&2
  sh synthesize.sh "$size" "$size" $arrays $depth 0 "$work/$size-0.txt" >&2
  printf '\n## %sx%s\n\n' "$size" "$size"
  echo '| module | instances | cells | flip-flops | GE each | GE | share % |'
  echo '|---|---|---|---|---|---|---|'
  # Variants of a module (its parameters are in the name) are added up; "GE each" is their mean.
  awk -v size="$size" -v arrays="$arrays" -v depth="$depth" -v width=$((64 + check_bits)) '
    function base(name) {
      sub(/^\$paramod(\$[0-9a-f]+)?\\/, "", name)
      sub(/\\.*/, "", name)
      return name
    }
    /^=== design hierarchy/ { hierarchy = 1; next }
    /^=== / { module = $2; flops[module] = 0; cells[module] = 0; next }
    !hierarchy && /^ +(INV|BUF|NAND2|NOR2|AND2|OR2|XOR2|XNOR2|AOI21|OAI21|MUX2|DFF|DFFR) / {
      cells[module] += $2
      if ($1 ~ /^DFF/) flops[module] += $2
    }
    !hierarchy && /Chip area for module/ { area[module] = $NF }
    hierarchy && /Number of wires/ { hierarchy = 2 }
    hierarchy == 1 && NF == 2 {
      match($0, /^ */)
      level = RLENGTH
      count[level] = $2 * (level > 3 ? count[level - 2] : 1)
      name = base($1)
      if (!(name in instances)) order[++modules] = name
      instances[name] += count[level]
      all_cells[name] += count[level] * cells[$1]
      all_flops[name] += count[level] * flops[$1]
      all_area[name] += count[level] * area[$1]
      total_cells += count[level] * cells[$1]
      total_flops += count[level] * flops[$1]
      total += count[level] * area[$1]
    }
    /Chip area for top module/ { top = $NF }
    END {
      if (total < top - 1 || total > top + 1) {
        print "the lines add up to " total ", yosys says " top > "/dev/stderr"
        exit 1
      }
      for (i = 1; i <= modules; i++) {
        name = order[i]
        printf "| %s | %d | %d | %d | %.0f | %.0f | %.1f |\n", name, instances[name],
          all_cells[name], all_flops[name], all_area[name] / instances[name], all_area[name],
          100 * all_area[name] / total
      }
      printf "| **all logic** | | %d | %d | | %.0f | 100 |\n", total_cells, total_flops, total
      printf "\nSRAM: weights %d bit, accumulators %d bit.\n", arrays * 512 * width,
        2 * depth * (size + 1) * 32
    }' "$work/$size.txt"
done

area() { sed -n 's/.*Chip area for top module.*: *//p' "$work/$1.txt"; }
printf '\n## Check codes\n\nAll logic of the core without check bits, with them, and what they add: encoder, decoder and its\n'
printf 'stage, the unpacker of suspect bits, the zero code on its way, the choice per code.\n\n'
echo '| array | CHECK_BITS 0, GE | CHECK_BITS 8, GE | added, GE | added % |'
echo '|---|---|---|---|---|'
for size in $sizes; do
  echo "$size $(area "$size-0") $(area "$size")" |
    awk '{ printf "| %sx%s | %.0f | %.0f | %.0f | %.1f |\n", $1, $1, $2, $3, $3 - $2,
           100 * ($3 - $2) / $2 }'
done
