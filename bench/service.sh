#!/usr/bin/env bash
# Times the whole service: verdictd with MODEL in PRECISION on a free port, and `verdict classify` sending the lines of
# TEXTS ten times over, as fast as they are answered. Prints a row of a Markdown table.
#   bench/service.sh MODEL PRECISION TEXTS
set -euo pipefail
model=$1 precision=$2 texts=$3
build=$(dirname "${BASH_SOURCE[0]}")/../build/release
log=$(mktemp)
many=$(mktemp)
trap 'kill "$server" 2>/dev/null || true; rm -f "$log" "$many"' EXIT
"$build/verdictd" --model "$model" --precision "$precision" --grpc-address 127.0.0.1:0 --http-address 127.0.0.1:0 \
  --log-format json 2>"$log" &
server=$!
until grep -q '"serving"' "$log"; do
  kill -0 "$server" || { cat "$log" >&2; exit 1; }
  sleep 0.05
done
address=$(sed -n 's/.*"grpc":"\([^"]*\)".*/\1/p' "$log" | tail -n 1)
"$build/verdict" classify --server "$address" --file "$texts" >/dev/null # warm
for _ in $(seq 10); do cat "$texts"; done >"$many"
start=$(date +%s.%N)
"$build/verdict" classify --server "$address" --file "$many" >/dev/null
end=$(date +%s.%N)
awk -v precision="$precision" -v texts="$(wc -l <"$many")" -v start="$start" -v end="$end" \
  'BEGIN { printf "| %s | %.1f |\n", precision, texts / (end - start) }'
