#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing with apt (Debian 12 and 13), builds Brownout, runs its demo or its tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat <<'EOF'
usage: ./setup.sh build [--trainers] [--rtl] [--python] [--mpi]
                                       install what is missing and build build/release/brownout
                                       (--trainers: also brownout-train, which needs LibTorch;
                                       --rtl: with the co-simulated RTL, which needs Verilator;
                                       --python: also the Python package, in build/release/python;
                                       --mpi: sweeps run on the ranks of Open MPI, docs/scale.md)
       ./setup.sh demo                 build, then sweep four trained networks over ten chips and
                                       seven supply voltages; results in out/demo
       ./setup.sh package              build the Debian packages, trainer and Python module among
                                       them, in build/package
       ./setup.sh test                 build everything, trainers included, and run all tests;
                                       one that fails does not stop the others
Safe to repeat. BROWNOUT_SKIP_INSTALL=1 leaves packages alone (for other systems).
BROWNOUT_TEST_PATIENCE=100 lets a test take 100 times as long as it should on an ordinary machine
before it counts as hanging (10 when not given).
EOF
}

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'setup.sh: %s\n' "$*" >&2; exit 2; }

build_packages=(g++ cmake ninja-build pkg-config libfmt-dev libyaml-cpp-dev zlib1g-dev libssl-dev
  librandom123-dev libboost-dev libboost-math-dev libdnnl-dev libonnx-dev libprotobuf-dev
  protobuf-compiler nlohmann-json3-dev libcli11-dev libsystemc-dev
  libhdf5-dev libmatio-dev libsqlite3-dev libstb-dev libjs-chart.js)
demo_packages=(gnuplot-nox dataset-fashion-mnist)
trainer_packages=(libtorch-dev libopenblas0-pthread)
rtl_packages=(verilator)
python_packages=(python3-dev python3-numpy pybind11-dev)
mpi_packages=(libboost-mpi-dev libopenmpi-dev openmpi-bin)
package_packages=(dpkg-dev file iverilog)
test_packages=(make libgtest-dev libgmock-dev python3-onnx python3-numpy python3-h5py zsh fish mandoc man-db
  python3-torch iverilog yosys chromium python3-pandas python3-matplotlib python3-nbclient
  python3-ipykernel python3-pip python3-venv python3-setuptools python3-wheel mypy slurm-wlm munge)
# The format check knows one version, which Debian 13 does not have; it is skipped there.
grep -qsE '^VERSION_ID="?12"?$' /etc/os-release && test_packages+=(clang-format-14)

# Debian 12 or 13: the package names hold there.
known_system() {
  command -v dpkg-query >/dev/null && grep -q '^ID=debian$' /etc/os-release 2>/dev/null &&
    grep -qE '^VERSION_ID="?1[23]"?$' /etc/os-release
}

# The module is for the system's Python, whatever else is on the path.
python_settings=()
known_system && python_settings=(-DBROWNOUT_PYTHON=/usr/bin/python3)

# Installs those of the named packages that are missing; touches nothing when none is.
install_packages() {
  [ "${BROWNOUT_SKIP_INSTALL:-0}" = 1 ] && return
  if ! known_system; then
    fail "this script installs packages on Debian 12 and 13 only; install the counterparts of
  $*
and run it again with BROWNOUT_SKIP_INSTALL=1"
  fi
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
      missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  [ "$(id -u)" = 0 ] || fail "packages are missing and you are not root; run
  sudo apt-get install --no-install-recommends ${missing[*]}
and start this script again"
  say "Installing ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
    >/dev/null
}

# build PRESET SETTING...: configures build/PRESET with the given cache settings and builds it.
build() {
  say "Building build/$1"
  cmake --preset "$@" >build-configure.tmp 2>&1 || { cat build-configure.tmp; exit 1; }
  grep '^-- Brownout' build-configure.tmp
  rm -f build-configure.tmp
  cmake --build --preset "$1"
}

# Runs the tests of all labels together, so that no core waits for the last test of a label; a test
# that fails does not stop the others.
run_labels() {
  local label
  for label in "$@"; do
    if [[ $(ctest --test-dir build/release -N -L "^$label\$") == *"Total Tests: 0"* ]]; then
      fail "no test has label $label"
    fi
  done
  say "Tests with labels $*"
  if ! ctest --test-dir build/release -j"$(nproc)" --output-on-failure --no-tests=error \
    -L "^($(IFS='|'; echo "$*"))\$"; then
    say "Failed: the tests that ctest lists above (of labels $*)"
    return 1
  fi
  say "Passed: tests with labels $*"
}

case "${1:-}" in
  build)
    trainers=OFF rtl=OFF python=OFF mpi=OFF extra=()
    for option in "${@:2}"; do
      case "$option" in
        --trainers) trainers=ON; extra+=("${trainer_packages[@]}") ;;
        --rtl) rtl=ON; extra+=("${rtl_packages[@]}") ;;
        --python) python=ON; extra+=("${python_packages[@]}") ;;
        --mpi) mpi=ON; extra+=("${mpi_packages[@]}") ;;
        *) usage >&2; fail "unknown option $option" ;;
      esac
    done
    install_packages "${build_packages[@]}" "${extra[@]}"
    build release -DBROWNOUT_WITH_TRAINERS=$trainers -DBROWNOUT_WITH_RTL=$rtl -DBROWNOUT_WITH_TESTS=OFF \
      -DBROWNOUT_WITH_PYTHON=$python -DBROWNOUT_WITH_MPI=$mpi "${python_settings[@]}"
    ;;
  demo)
    [ $# -eq 1 ] || { usage >&2; fail "demo takes no options"; }
    install_packages "${build_packages[@]}" "${demo_packages[@]}"
    build release -DBROWNOUT_WITH_TRAINERS=OFF -DBROWNOUT_WITH_RTL=OFF -DBROWNOUT_WITH_TESTS=OFF \
      -DBROWNOUT_WITH_PYTHON=OFF -DBROWNOUT_WITH_MPI=OFF
    say "Sweeping configs/sweeps/demo.yaml"
    build/release/brownout sweep configs/sweeps/demo.yaml --out out/demo
    say "Done: the table above, and out/demo with its CSV, JSON and SVG"
    ;;
  package)
    [ $# -eq 1 ] || { usage >&2; fail "package takes no options"; }
    install_packages "${build_packages[@]}" "${trainer_packages[@]}" "${rtl_packages[@]}" \
      "${python_packages[@]}" "${package_packages[@]}"
    build package "${python_settings[@]}"
    say "Making packages"
    rm -f build/package/*.deb
    cpack --config build/package/CPackConfig.cmake -B build/package >build-package.tmp 2>&1 ||
      { cat build-package.tmp; exit 1; }
    rm -rf build-package.tmp build/package/_CPack_Packages
    printf '  %s\n' build/package/*.deb
    say "Install what you want of them, brownout among them, for example
  sudo apt-get install ./build/package/brownout_*.deb ./build/package/python3-brownout_*.deb"
    ;;
  test)
    [ $# -eq 1 ] || { usage >&2; fail "test takes no options"; }
    install_packages "${build_packages[@]}" "${demo_packages[@]}" "${trainer_packages[@]}" \
      "${rtl_packages[@]}" "${python_packages[@]}" "${package_packages[@]}" "${mpi_packages[@]}" \
      "${test_packages[@]}"
    build release -DBROWNOUT_WITH_TRAINERS=ON -DBROWNOUT_WITH_RTL=ON -DBROWNOUT_WITH_TESTS=ON \
      -DBROWNOUT_WITH_PYTHON=ON -DBROWNOUT_WITH_MPI=ON "${python_settings[@]}" \
      -DBROWNOUT_WERROR=ON -DBROWNOUT_TEST_PATIENCE="${BROWNOUT_TEST_PATIENCE:-10}"
    run_labels style unit systemc cosim property browser fuzz golden python slow torch
    ;;
  -h | --help | help) usage ;;
  *) usage >&2; fail "expected build, demo, package or test, got \"${1:-}\"" ;;
esac
