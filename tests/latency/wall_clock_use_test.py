#!/usr/bin/env python3
"""Only dates come from the wall clock, which administrators and NTP step. Everything else waits and
measures by SteadyNow.

Abseil's timed waits sleep until a time of the wall clock in Debian's version, however short they
are: SteadyNotification and the standard library's wait_for are there instead. ALLOWED says which
file may say what, and why.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("client", "engine", "environment", "latency", "server")
FORBIDDEN = re.compile(
    r"absl::Now\(|system_clock::now\(|GetCurrentTimeNanos|gettimeofday|CLOCK_REALTIME"
    r"|std::time\(|\btime\(nullptr\)"
    r"|(?:Await|Wait|LockWhen|ReaderLockWhen|WaitForNotification)With(?:Timeout|Deadline)"
    r"|\bwait_until\("
)
ALLOWED = {
    "client/load/command.cc": "the date of the report",
    "latency/steady_clock.cc": "turns times of the one clock into times of the other",
    "latency/steady_clock.h": "a comment",
    "server/http/connection.cc": "the header Date",
    "server/metrics/call_metrics.cc": "when an exemplar was seen, for the store of traces",
    "server/options.cc": "dates of certificates",
    "server/server.cc": "gRPC's shutdown, at once: any time that is past",
    "server/security/tls_credentials.cc": "dates of certificates",
}


def main():
    found = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".cc", ".h"):
                lines = [
                    f"{number}: {line.strip()}"
                    for number, line in enumerate(path.read_text().splitlines(), 1)
                    if FORBIDDEN.search(line)
                ]
                if lines:
                    found[path.relative_to(ROOT).as_posix()] = lines
    wrong = {path: lines for path, lines in found.items() if path not in ALLOWED}
    for path, lines in wrong.items():
        print(*(f"{path}:{line}" for line in lines), sep="\n")
    idle = sorted(set(ALLOWED) - set(found))
    if idle:
        print("need not be allowed any more:", *idle)
    if wrong:
        print(
            "use SteadyNow() (latency/steady_clock.h) and SteadyNotification, or say here why it is"
            " a date"
        )
    return 1 if wrong or idle else 0


if __name__ == "__main__":
    sys.exit(main())
