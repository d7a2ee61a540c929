# Fetches the files that SHA256SUMS names from MODEL_URL. Usage: sh fetch.sh SOURCE TARGET
# A file that is there and right stays: a container that is started again in its pod fetches nothing.
set -eu
source=$1
target=$2
url=$(cat "$source/MODEL_URL")
cd "$target"
while read -r sum file; do
  if ! echo "$sum  $file" | sha256sum -c - >/dev/null 2>&1; then
    curl --fail --silent --show-error --location --retry 5 --retry-connrefused --output "$file" "$url/$file"
  fi
done <"$source/SHA256SUMS"
sha256sum -c "$source/SHA256SUMS"
