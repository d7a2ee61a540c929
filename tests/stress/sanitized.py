#!/usr/bin/python3
"""A verdictd that was built with a sanitizer, under five minutes of mixed load, ended by SIGTERM
while it lasts.

Streams, batches, cancelled and bad calls, short deadlines, and scrapes of /metrics meanwhile. No
sanitizer reports anything, and the server exits with 0.
"""
import os
import pathlib
import re
import tempfile

import load
import script
from verdictd import Samples, Verdictd, await_true

REPORT = re.compile(r"(WARNING: ThreadSanitizer|ERROR: \w+Sanitizer|runtime error:).*")
MIX = "classify=50,batch=15,stream=20,tokenize=10,info=5"
CONCURRENCY = 64
DRAIN_SECONDS = 60


def add_options(parser):
    parser.add_argument("--build", default=str(script.ROOT / "build" / "asan"), metavar="DIRECTORY",
                        help="of the preset asan or tsan, whose verdictd is run (default: %(default)s)")
    parser.add_argument("--mix", default=MIX, help="of verdict load (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=5)


def sanitizers():
    """Their options, as the presets have them; they go on after a report, so that a run shows
    all."""
    suppressions = script.ROOT / "tests" / "tsan" / "suppressions.txt"
    return {"TSAN_OPTIONS": f"suppressions={suppressions} ignore_noninstrumented_modules=1",
            "UBSAN_OPTIONS": "print_stacktrace=1"}


def test(options, findings):
    load.require(options.verdict)
    program = os.path.join(options.build, "verdictd")
    if not os.access(program, os.X_OK):
        script.skip(f"{program} is not built: ./dev build asan, ./dev build tsan")
    seconds = round(options.minutes * 60)
    with tempfile.TemporaryDirectory() as folder, Verdictd(program, options.model, environment=sanitizers()) as server:
        flags = ("--file", load.write_texts(pathlib.Path(folder) / "texts.txt"), "--mix", options.mix, "--timeout", "500ms",
                 "--cancel-percent", 10, "--bad-percent", 5, "--concurrency", CONCURRENCY)
        with Samples(server.metrics, 0.5):
            report = load.measure(options.verdict, server.address, *flags, seconds=seconds)
        findings.note(codes=report.figures["codes"], messages=report.figures.get("messages"))
        started = server.metrics().total("grpc_server_started_total")
        with load.Load(options.verdict, server.address, *flags, "--duration", "10s") as last:
            await_true(lambda: server.metrics().total("grpc_server_started_total") > started + 10 * CONCURRENCY, timeout=10,
                       interval=0.05)
            exit_status, _ = server.stop(DRAIN_SECONDS)
            findings.note(codes_of_the_end=last.report(timeout=load.PATIENCE_SECONDS).figures["codes"])
        log = server.log_text()
    reports = [match[0] for match in REPORT.finditer(log)]
    if reports:
        print(log)
    findings.at_least("calls", report.figures["finished"], 1)
    findings.equal("reports", reports, [])
    findings.equal("exit_status", exit_status, 0)


script.run(__doc__, test, add_options, time_limit=600)
