#!/usr/bin/env bash
# fuzz.sh [MINUTES [TARGET…]]: runs the fuzz targets of fuzz/ one after the other, MINUTES in all (default 60), then
# shrinks each corpus and packs it into fuzz/corpus/TARGET.jsonl, which `cargo test` replays. Prints one table.
# Needs a nightly toolchain and cargo-fuzz (`cargo install cargo-fuzz --locked`); FUZZ_WORK (default fuzz/target) holds
# the build and what was found. Exit 1 if anything panicked, hung or took too much memory: the input is kept there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../fuzz"

minutes="${1:-60}"
shift || true
if [ $# -gt 0 ]; then targets=("$@"); else mapfile -t targets < <(cd targets && printf '%s\n' *.rs | sed 's/\.rs$//'); fi
seconds=$(awk -v m="$minutes" -v n="${#targets[@]}" 'BEGIN { s = int(m * 60 / n); print s < 1 ? 1 : s }')
work="$(mkdir -p "${FUZZ_WORK:-target}" && cd "${FUZZ_WORK:-target}" && pwd)"

# Overflow checks and debug assertions are on. There is no unsafe code for an address sanitizer to look at.
cargo +nightly fuzz build -s none --target-dir "$work/build" >&2
built="$work/build/$(rustc +nightly -vV | sed -n 's/^host: //p')/release"
mkdir -p "$work/bin" "$work/found"
for target in "${targets[@]}"; do install "$built/$target" "$work/bin/$target"; done

failed=0
rows=()
for target in "${targets[@]}"; do
  corpus="$work/corpus/$target" log="$work/$target.log" small="$work/small/$target"
  python3 corpus.py unpack "$target" "$corpus"
  python3 corpus.py seed "$target" "$corpus"
  echo "$target: $seconds s, log $log" >&2
  outcome=clean
  nice -n 19 "$work/bin/$target" "$corpus" -max_total_time="$seconds" -max_len=4096 -timeout=5 -rss_limit_mb=1024 \
    -dict=scim.dict -artifact_prefix="$work/found/$target-" -print_final_stats=1 > "$log" 2>&1 || outcome=FAILED
  if [ "$outcome" = FAILED ]; then
    failed=1
    echo "$target failed:" >&2
    grep -aE -A 3 "panicked at|ERROR: libFuzzer|Test unit written" "$log" | cut -c1-1000 >&2 || true
  fi
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  [ -n "$executions" ] || executions=$(grep -aoE '^#[0-9]+' "$log" | tail -n 1 | tr -d '#')
  # By edges alone, not by how often each was taken: some hundred inputs instead of thousands.
  rm -rf "$small" && mkdir -p "$small"
  nice -n 19 "$work/bin/$target" -merge=1 -use_counters=0 -max_len=4096 "$small" "$corpus" > "$work/$target.merge.log" 2>&1
  packed=$(python3 corpus.py pack "$target" "$small")
  edges=$(grep -aoE 'cov: [0-9]+' "$log" | tail -n 1 | cut -d' ' -f2)
  rows+=("| $target | $executions | $edges | $(find "$corpus" -type f | wc -l) | $packed | $outcome |")
done

printf '\n%s, %s, %s s each\n\n' "$(date +%F)" "$(git rev-parse --short HEAD)" "$seconds"
printf '| target | executions | edges covered | inputs found | kept in fuzz/corpus | outcome |\n|---|---|---|---|---|---|\n'
printf '%s\n' "${rows[@]}"
exit "$failed"
