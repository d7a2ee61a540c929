# Fetches the files that SHA256SUMS names from MODEL_URL. Usage: sh fetch.sh SOURCE TARGET
#
# A file that is there and right stays: a container that is started again in its pod fetches
# nothing. What is cut off, or stalls, goes on where it ended, from FILE.part. The script gives up
# after FETCH_TRIES in a row that brought nothing, at once when the server says that there is no
# such file, and when a whole file has another sum twice.
set -eu
source=$1
target=$2
url=$(cat "$source/MODEL_URL")
url=${url%/}
TRIES=${FETCH_TRIES:-6}
CONNECT_SECONDS=${FETCH_CONNECT_SECONDS:-10}
STALL_SECONDS=${FETCH_STALL_SECONDS:-15} # below a kilobyte a second for so long
PAUSE_SECONDS=${FETCH_PAUSE_SECONDS:-2}  # longer with each try

is_right() { # SUM FILE
  [ -f "$2" ] && echo "$1  $2" | sha256sum -c - >/dev/null 2>&1
}

size_of() { # FILE
  if [ -f "$1" ]; then wc -c <"$1"; else echo 0; fi
}

fetch() { # SUM FILE
  part=$2.part
  most=0    # the most that there has been of it
  idle=0    # tries in a row that did not get further
  wrong=0   # whole files of another sum
  while ! is_right "$1" "$part"; do
    if [ "$idle" -ge "$TRIES" ]; then
      echo "$2: given up after $TRIES tries that brought nothing" >&2
      return 1
    fi
    [ "$idle" -eq 0 ] || sleep $((PAUSE_SECONDS * idle))
    status=0
    answer=$(curl --fail --silent --show-error --location --connect-timeout "$CONNECT_SECONDS" \
      --speed-limit 1024 --speed-time "$STALL_SECONDS" --continue-at - \
      --write-out '%{http_code}' --output "$part" "$url/$2") || status=$?
    size=$(size_of "$part")
    if [ "$size" -gt "$most" ]; then most=$size idle=0; else idle=$((idle + 1)); fi
    case $status:$answer in
      0:*) # whole, says the server; the sum decides
        if ! is_right "$1" "$part"; then
          rm -f "$part"
          wrong=$((wrong + 1))
          if [ "$wrong" -ge 2 ]; then
            echo "$2: FAILED: $size bytes of another sum than SHA256SUMS says" >&2
            return 1
          fi
        fi
        ;;
      22:401 | 22:403 | 22:404 | 22:410)
        echo "$2: the server says $answer" >&2
        return 1
        ;;
      22:416 | 33:*) rm -f "$part" ;; # it has less than we have, or resumes nothing: from the start
    esac
  done
  mv -f "$part" "$2"
}

cd "$target"
while read -r sum file || [ -n "$sum" ]; do # the last line may lack its end
  file=${file#\*} # of sha256sum --binary
  case $file in
    '' | .* | */*)
      echo "SHA256SUMS: '$sum $file' is no sum and name of a file" >&2
      exit 1
      ;;
  esac
  is_right "$sum" "$file" || fetch "$sum" "$file"
done <"$source/SHA256SUMS"
sha256sum -c "$source/SHA256SUMS"
