#!/usr/bin/env bash
# Times the whole service: verdictd with MODEL in PRECISION on a free port, and `verdict classify` sending the lines of
# TEXTS as fast as they are answered. Prints a JSON object, as compare.mjs reads it.
#   bench/service.sh MODEL PRECISION TEXTS THREADS
set -euo pipefail
model=$1 precision=$2 texts=$3 threads=$4
build=$(dirname "${BASH_SOURCE[0]}")/../build/release
log=$(mktemp)
trap 'kill "$server" 2>/dev/null || true; rm -f "$log"' EXIT
"$build/verdictd" --model "$model" --precision "$precision" --threads "$threads" --grpc-address 127.0.0.1:0 --http-address 127.0.0.1:0 \
  --log-format json 2>"$log" &
server=$!
until grep -q '"serving"' "$log"; do
  kill -0 "$server" || { cat "$log" >&2; exit 1; }
  sleep 0.05
done
address=$(sed -n 's/.*"grpc":"\([^"]*\)".*/\1/p' "$log" | tail -n 1)
start=$(date +%s.%N)
"$build/verdict" classify --server "$address" --file "$texts" >/dev/null
end=$(date +%s.%N)
awk -v texts="$(wc -l <"$texts")" -v start="$start" -v end="$end" \
  'BEGIN { printf "{\"lengths\": \"served\", \"texts_per_s\": %.1f}\n", texts / (end - start) }'
