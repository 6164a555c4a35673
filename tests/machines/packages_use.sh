#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What packages.sh runs on a clean system as root: installs /packages/*.deb, uses them as the user
# "reader" in an empty folder, and removes them. Prints what is typed ("#" by root, "$" by the
# user) and what is answered; ends at the first command that fails.
set -euo pipefail
cd /packages

root() {
  printf '\n# %s\n' "$1"
  bash -euo pipefail -c "$1"
}
user() {
  printf '\n$ %s\n' "$1"
  runuser -u reader -- env -C /home/reader HOME=/home/reader TERM=dumb MANWIDTH=80 MANPAGER=cat \
    bash -euo pipefail -c "$1" 2>&1
}
# apt NAME ARGUMENT...: the lines of apt-get that say what happened.
apt() {
  printf '\n# apt-get %s\n' "$*"
  apt-get -y "$@" >/tmp/apt.log 2>&1 || { cat /tmp/apt.log; return 1; }
  grep -E '^[0-9]+ upgraded|^(Setting up|Removing|Purging).*brownout' /tmp/apt.log
}

root "grep PRETTY_NAME /etc/os-release; ls"
packages=(./*.deb)
installed() { dpkg-query -W -f '${db:Status-Abbrev} ${Package}=${Version}\n' | sed -n 's/^ii *//p' | sort; }
installed >/tmp/installed
apt install "${packages[@]}"
installed | comm -13 /tmp/installed - | grep -v brownout >dependencies
root "dpkg-query -W '*brownout*'"

# The command, from a folder that holds nothing.
user "brownout --version"
user "brownout accelerator list"
user "brownout eval fmnist-simplenet16-randbet-8b --rate 0.01 --chips 5 --images 500 --quiet"
user "brownout eval models/fmnist-simplenet16-randbet-8b.onnx --voltage 0.9 --chip chip2-synthetic --images 500 --quiet"
user "brownout eval fmnist-simplenet16-randbet-9b --rate 0.01 || echo \"exit \$?\""
user "brownout sweep demo --quiet"
user "ls out/demo"
user "brownout report out/demo --out report.html --quiet && ls report.html"
user "brownout cosim fmnist-simplenet16-randbet-8b --voltage 0.8333 --array 4x4 --layer conv1 --quiet"

# Manual pages and completions.
user "man brownout-eval | head -12"
user "man brownout-profile-inspect | head -4"
user "set +eu; source /usr/share/bash-completion/bash_completion; _completion_loader brownout; COMP_WORDS=(brownout eval x.onnx --engine f) COMP_CWORD=4; _brownout; echo \"\${COMPREPLY[@]}\""
user "fish -c 'complete -C \"brownout sweep d\"'"
user "zsh -fc 'autoload -U compinit; compinit -u -D; echo \$_comps[brownout]'"

if [ -e /usr/bin/brownout-train ]; then
  user "brownout-train --help | head -5"
  user "brownout train fmnist-simplenet16-rquant-8b --images 256 --steps 2 --set dataset.test_images=100 --quiet && ls out/*.onnx"
  user "man brownout-train | head -4"
fi
if dpkg-query -W python3-brownout >/dev/null 2>&1; then
  user "cat > five.py <<'END'
import brownout
experiment = brownout.Experiment(\"fmnist-simplenet16-randbet-8b\", images=500)
result = experiment.run(rate=0.01, chips=5, progress=False)
print(f\"Python:  RErr {result.rerr}\")
END
python3 five.py"
  user "brownout eval fmnist-simplenet16-randbet-8b --rate 0.01 --chips 5 --images 500 --quiet --json out.json >/dev/null; grep -m1 '\"rerr' out.json"
  user "python3 -m brownout --version"
fi
if dpkg-query -W libbrownout-dev >/dev/null 2>&1; then
  user "cp -r /usr/share/brownout/examples/evaluate-chips . && cmake -S evaluate-chips -B evaluate-chips/build >/dev/null && cmake --build evaluate-chips/build >/dev/null && evaluate-chips/build/evaluate-chips fmnist-simplenet16-randbet-8b 5 500 2>/dev/null"
  user "pkg-config --modversion brownout"
  user "cp -r /usr/share/brownout/examples/systemc-platform . && cd systemc-platform && cmake -S . -B build >/dev/null && cmake --build build >/dev/null && build/systemc-platform 2>/dev/null | tail -6"
  user "iverilog -g2012 -DBROWNOUT -mbrownout -s bench /usr/share/brownout/rtl/dpi/*.sv /usr/share/brownout/examples/own-sram/*.sv -o bench.vvp && vvp -n bench.vvp | tail -5"
fi

# No file of the packages has changed, and none was added to their folders.
names=$(dpkg-query -W -f '${Package} ' '*brownout*')
root "dpkg --verify $names && echo unchanged"

apt purge $names
root "find / -xdev -path /packages -prune -o -path /home -prune -o -name '*brownout*' ! -path '/var/lib/dpkg/*' ! -path '/var/cache/*' -print | wc -l"
