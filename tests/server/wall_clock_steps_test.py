#!/usr/bin/python3
"""The wall clock is stepped by an hour, forth and back, under load and in a drain, and nothing
happens.

Usage: wall_clock_steps_test.py VERDICTD VERDICT MODEL. Both programs run under libfaketime
(Debian's package faketime), which tells them a time of ours where they ask for the wall clock, and
leaves the monotonic clock alone. What is held: every call is answered, none is refused, none
expires; the longest latency and the metrics' durations are seconds, not hours; the watchdog,
certificates and sweeps say nothing; the drain takes its usual time and ends with 0.

What it cannot show: the kernel does not know of the step. A wait until a time of the wall clock, as
abseil's timed waits are, is an hour too long or over at once here, so it is seen; a timer that the
kernel itself moves with a real step (timerfd with TFD_TIMER_CANCEL_ON_SET, say) is not. gRPC's own
use of the clock is stepped as ours is, but only what this load makes it do is seen.
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "stress"))
from verdictd import Metrics

LIBRARY = pathlib.Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
STEPS = ("+0", "+3600", "+0", "-3600", "+0")
STEP_SECONDS = 3
RATE = 50
MOST_SECONDS = 20  # far above any wait here, far below an hour: other programs may have the machine


def log_until(log, pattern, process):
    for line in log:
        if match := re.search(pattern, line):
            return match
    raise SystemExit(f"verdictd ended with {process.wait()}")


def main(verdictd, verdict, model):
    if not LIBRARY.exists():
        print(f"skipped: no {LIBRARY} (package faketime)")
        return 77
    failures = []

    def expect(holds, what):
        print("PASS" if holds else "FAIL", what)
        if not holds:
            failures.append(what)

    with tempfile.TemporaryDirectory() as folder:
        offset, report = pathlib.Path(folder, "offset"), pathlib.Path(folder, "report.json")

        def step(text):
            offset.with_suffix(".new").write_text(text)
            offset.with_suffix(".new").rename(offset)

        step(STEPS[0])
        environment = {**os.environ, "LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(offset), "FAKETIME_NO_CACHE": "1",
                       "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
        server = subprocess.Popen([verdictd, "--model", model, "--grpc-address", "127.0.0.1:0", "--http-address", "127.0.0.1:0",
                                   "--threads", "1"], env=environment, stderr=subprocess.PIPE, text=True)
        try:
            addresses = log_until(server.stderr, r"serving .*grpc=(\S+) http=(\S+)", server)
            seconds = STEP_SECONDS * len(STEPS)
            load = subprocess.Popen([verdict, "load", "--server", addresses[1], "--stages", f"{RATE}@{seconds}s", "--timeout", "60s",
                                     "--mix", "classify=80,batch=10,stream=10", "--json", report, "--quiet"], env=environment)
            dates = set()
            for text in STEPS:
                step(text)
                time.sleep(STEP_SECONDS)
                reply = urllib.request.urlopen(f"http://{addresses[2]}/healthz", timeout=MOST_SECONDS)
                dates.add(reply.headers["Date"].split(":")[0])
            expect(len(dates) >= 3, f"the server's dates were stepped: {sorted(dates)}")
            expect(load.wait(120) == 0, "the load ends with 0")
            summary = json.loads(report.read_text())["summary"]
            calls = sum(summary["codes"].values())
            expect(set(code for code, count in summary["codes"].items() if count) == {"OK"} and calls >= RATE * seconds * 0.9,
                   f"every call is answered: {summary['codes']}")
            metrics = Metrics(urllib.request.urlopen(f"http://{addresses[2]}/metrics", timeout=MOST_SECONDS).read().decode())
            for name in ("verdict_shed_total", "verdict_expired_total", "verdict_engine_stalled_seconds"):
                expect(metrics.total(name) == 0, f"{name} is 0")
            # A stream lasts 20 s at most, the load some more.
            longest = 4 * seconds * RATE
            for name in ("grpc_server_handling_seconds_sum", "verdict_stage_duration_seconds_sum"):
                expect(0 < metrics.total(name) < longest, f"{name} is {metrics.total(name):.2f} s")
            for stage, value in metrics.by("stage", "verdict_latency_seconds", quantile="0.999").items():
                expect(0 <= value < MOST_SECONDS, f"p99.9 of {stage} is {value:.4f} s")
            start = time.monotonic()
            server.send_signal(signal.SIGTERM)
            step("+3600")
            time.sleep(0.02)
            step("-3600")
            rest = server.stderr.read()
            expect(server.wait(60) == 0 and time.monotonic() - start < MOST_SECONDS,
                   f"the drain took {time.monotonic() - start:.2f} s")
            expect(not re.search(r"Z (warning|error) ", rest), f"nothing is wrong in the log: {rest.strip()[-500:]}")
        finally:
            if server.poll() is None:
                server.kill()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
