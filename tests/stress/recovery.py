#!/usr/bin/python3
"""30 s at 5 times the peak rate between moderate ones: 2 s after the flood, p99 is back within 1.1
times of before.

The two seconds after the flood are a stage of their own, so that the stage after them has nothing
of it. One core is left to who makes the load.
"""
import pathlib
import tempfile

import full_size
import load
import script
from verdictd import Verdictd

MOST_RATIO = 1.1
RECOVERY_SECONDS = 2


def add_options(parser):
    parser.set_defaults(model=full_size.model())
    full_size.add_threads(parser)
    parser.add_argument("--moderate-seconds", type=int, default=30, help="before and after")
    parser.add_argument("--overload-seconds", type=int, default=30)
    parser.add_argument("--moderate", type=float, default=0.5, help="of the peak")
    parser.add_argument("--overload", type=float, default=5, help="of the peak")


def stages(options, peak):
    moderate, overload = peak * options.moderate, peak * options.overload
    return ",".join(f"{rate:.1f}@{seconds}s" for rate, seconds in (
        (moderate, options.moderate_seconds), (overload, options.overload_seconds),
        (moderate, RECOVERY_SECONDS), (moderate, options.moderate_seconds)))


def test(options, findings):
    load.require(options.verdict)
    with tempfile.TemporaryDirectory() as folder, \
            Verdictd(options.verdictd, options.model, "--threads", str(options.threads)) as server:
        texts = ("--file", load.write_texts(pathlib.Path(folder) / "texts.txt"))
        load.peak(options.verdict, server.address, *texts)  # warm
        peak = load.peak(options.verdict, server.address, *texts)
        with load.Load(options.verdict, server.address, *texts, "--timeout", "1s",
                       "--stages", stages(options, peak)) as run:
            report = run.report(timeout=options.time_limit)
    before, overload, recovering, after = report.stages
    findings.note(peak=peak, p99_ms={"before": before.latency_ms("p99"), "overload": overload.latency_ms("p99"),
                                     "first_seconds_after": recovering.latency_ms("p99"), "after": after.latency_ms("p99")},
                  overload_codes=overload.figures["codes"])
    findings.equal("calls_failed_after_the_recovery", after.failed(), 0)
    findings.at_most("p99_after_by_before", round(after.latency_ms("p99") / before.latency_ms("p99"), 3), MOST_RATIO)


script.run(__doc__, test, add_options, time_limit=240)
