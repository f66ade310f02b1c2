#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds and tests everything. The last line is `N passed, N failed`, the exit code is 0 when nothing failed.
#
#   tests/run.sh            unit, tidy, simulated, end to end, crash, quickstart, package, fuzz; under 20 minutes on two cores
#   tests/run.sh --quick    no server and no root needed, under 4 minutes after the build; prints the contract's lines
#   tests/run.sh --long     for nights: many more kills and power cuts, of a whole guest too, and the fresh machine in a chroot
#   --kills N  --cuts N     how often the crash tests kill a node, and cut the power of its disk
#   --seeds N               how many simulated histories (500)
#   --fuzz SECONDS          builds preset fuzz and lets all fuzz targets together run so long, two at a time; without it 5 s each, where it was built
#   --conversations N       mutated conversations that a node has with a hostile peer (2000)
#   --mutants N             how many changes are made, each alone, to queue, scheduler and policy, to see whether the tests find them (300 of each)
#   --preset NAME           build preset (release)           --no-build   test what is built
#   --only STEP[,STEP]      of: unit, tidy, sim, e2e, crash, quickstart, package, fuzz, guest, chroot, mutation
set -u
cd "$(dirname "$0")/.." || exit 2
. packaging/dependencies.sh

mode=normal preset=release build=yes only= kills= cuts= seeds= conversations= fuzz= mutants=
while [ $# -gt 0 ]; do
  case $1 in
    --quick | --long) mode=${1#--} ;;
    --kills) kills=${2:?}; shift ;;
    --cuts) cuts=${2:?}; shift ;;
    --seeds) seeds=${2:?}; shift ;;
    --fuzz) fuzz=${2:?}; shift ;;
    --conversations) conversations=${2:?}; shift ;;
    --mutants) mutants=${2:?}; shift ;;
    --preset) preset=${2:?}; shift ;;
    --only) only=${2:?}; shift ;;
    --no-build) build= ;;
    -h | --help) sed -n '3,14s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "unknown option $1; see $0 --help" >&2; exit 64 ;;
  esac
  shift
done

case $mode in
  quick) steps="unit tidy" ;;
  normal) steps="unit tidy sim e2e crash quickstart package fuzz" ;;
  long) steps="unit tidy sim e2e crash quickstart package fuzz guest chroot mutation" seeds=${seeds:-20000} fuzz=${fuzz:-10800} kills=${kills:-2000} cuts=${cuts:-1000} conversations=${conversations:-50000} ;;
esac
[ -z "$only" ] || steps=${only//,/ }
export SAMPAN_KILLS=${kills:-200} SAMPAN_CUTS=${cuts:-100} SAMPAN_CONVERSATIONS=${conversations:-2000} SAMPAN_PRESET=$preset
export SAMPAN_BIN=$PWD/build/$preset/bin PYTHONDONTWRITEBYTECODE=1
python=/usr/bin/python3
jobs=$(nproc)

results=$(mktemp "${TMPDIR:-/tmp}/sampan-results.XXXXXX") || exit 2
compiling=
trap 'rm -f "$results"; [ -z "$compiling" ] || kill -- -"$compiling" 2>/dev/null' EXIT
export SAMPAN_RESULTS=$results
[ $mode = quick ] && report="--contract" || report=
# The same last line when it cannot even begin.
give_up() { echo "$1" >&2; echo "0 passed, 1 failed"; exit 1; }

if [ $mode = quick ]; then sets="build run"; else sets="build run test power"; fi
need $sets || give_up "cannot go on without these packages"
if [ "$build" ]; then
  began=$SECONDS
  cmake --preset "$preset" >"$results.log" 2>&1 && cmake --build --preset "$preset" >>"$results.log" 2>&1 || {
    tail -60 "$results.log"; rm -f "$results.log"; give_up "the build of preset $preset failed"; }
  rm -f "$results.log"
  echo "---- build: preset $preset ($((SECONDS - began)) s)"
fi

# Tests that wait more than they work leave the processors to the fuzz targets, which are compiled meanwhile; whether they could be, is
# for their own step to say.
compile_meanwhile() {
  [ "$fuzz" ] && [ -z "$compiling" ] && [[ " $steps " == *" fuzz "* ]] && need fuzz || return 0
  setsid nice -n 19 bash -c 'cmake --preset fuzz && cmake --build --preset fuzz --target fuzz -j "$1"' - "$jobs" >/dev/null 2>&1 &
  compiling=$!
}

run_step() {
  case $1 in
    unit) $python tests/support/run_unit.py --jobs "$jobs" "$SAMPAN_BIN"/unit_* ;;
    tidy)
      $python tests/tidy/tidy.py
      $python tests/support/run_python.py --jobs "$jobs" instruments tests/tidy tests/support tests/mutation tests/fuzz ;;
    sim) $python tests/sim/run_sim.py --seeds "${seeds:-500}" --jobs "$jobs" ;;
    fuzz)
      # The kept inputs always; new ones for a while where preset fuzz was built, which --fuzz does by itself. By day with one seed, so
      # that what passes passes again; nights hunt.
      if [ "$fuzz" ]; then need fuzz; fi
      [ -z "$compiling" ] || wait "$compiling"
      compiling=
      $python tests/fuzz/run_fuzz.py --jobs "$jobs" --seed $([ $mode = long ] && echo 0 || echo 1) ${fuzz:+--build --within "$fuzz" --seconds "$fuzz"} ;;
    # They wait more than they work: with three at a time two processors were idle for 85 % of the time.
    e2e)
      compile_meanwhile
      $python tests/support/run_python.py --jobs $((jobs * 3)) --deadline $((300 + SAMPAN_CONVERSATIONS / 100)) e2e tests/e2e ;;
    crash)
      compile_meanwhile
      $python tests/support/run_python.py --jobs "$jobs" --deadline $((600 + 3 * (SAMPAN_KILLS + SAMPAN_CUTS))) crash tests/crash ;;
    quickstart) $python tests/support/run_python.py --jobs 1 --deadline 300 quickstart tests/e2e/quickstart.py ;;
    package)
      need package chroot boot  # without them the test says why it is skipped
      $python tests/support/run_python.py --jobs 1 --deadline 900 package tests/e2e/boot_package.py ;;
    guest)
      need power guest package chroot boot  # without them a test says why it is skipped
      $python tests/support/run_python.py --jobs 1 --deadline 3600 guest tests/crash/long_guest.py tests/e2e/boot_sealed_key.py ;;
    mutation)
      need mutation  # without it the step says why it is skipped
      $python tests/mutation/mutation.py --book --sample "${mutants:-300}" ;;
    chroot) $python tests/support/run_python.py --jobs 1 --deadline 7200 chroot tests/e2e/long_chroot.py ;;
    *) give_up "no such step: $1" ;;
  esac
}
for step in $steps; do run_step "$step"; done
$python tests/support/results.py $report "$results"
