#!/usr/bin/python3
"""1, 2, 5 and 10 times the peak rate, in an open loop, with deadlines of a second.

The peak is what a closed loop gets, before and after. At 2 times as much the goodput stays at 95 % of it, at 10 times at
90 %; what is accepted is answered within its deadline; what is refused is refused within 5 ms at 2 times the peak, and costs
no more than 25 us of the server's CPU.

That cost is what all threads used that do not compute, less what they use when nobody calls and what accepted calls make
them use, which a run at half the peak tells, divided by the number of refused calls.
"""
import pathlib
import tempfile
import time

import full_size
import load
import script
from verdictd import Verdictd

FACTORS = (1, 2, 5, 10)
LEAST_GOODPUT = {2: 0.95, 5: 0.9, 10: 0.9}
DEADLINE_MS = 1000
MOST_REJECTION_MS = 5
MOST_REJECTION_CPU_SECONDS = 25e-6
IDLE_SECONDS = 3
ENGINE_THREADS = ("engine", "worker-")  # how the names of those that compute begin


def add_options(parser):
    parser.set_defaults(model=full_size.model())
    parser.add_argument("--seconds", type=int, default=15, help="of each rate")


class Bench:
    """A server, and loads on it with the CPU time that they made it use.

    Counted are the threads that do not compute, beyond what they use in the same time when nobody calls.
    """

    def __init__(self, options, server, texts):
        self.options = options
        self.server = server
        self.texts = ("--file", texts)
        before = self._serving_seconds()
        time.sleep(IDLE_SECONDS)
        self.idle_share = (self._serving_seconds() - before) / IDLE_SECONDS

    def run(self, *flags):
        """A load's report and its CPU seconds."""
        before, start = self._serving_seconds(), time.monotonic()
        report = load.measure(self.options.verdict, self.server.address, *self.texts, *flags,
                              "--timeout", f"{DEADLINE_MS}ms", seconds=self.options.seconds)
        return report, self._serving_seconds() - before - self.idle_share * (time.monotonic() - start)

    def peak(self):
        return load.peak(self.options.verdict, self.server.address, *self.texts, seconds=self.options.seconds)

    def _serving_seconds(self):
        threads = self.server.threads().values()
        return self.server.cpu_seconds() - sum(thread.cpu_seconds for thread in threads if thread.name.startswith(ENGINE_THREADS))


def rejection_cpu_seconds(report, cpu_seconds, accepted_cpu_seconds):
    rejected = report.calls("RESOURCE_EXHAUSTED")
    answered = sum(report.figures["codes"].values()) - rejected
    return (cpu_seconds - answered * accepted_cpu_seconds) / rejected if rejected else None


def test(options, findings):
    load.require(options.verdict)
    with tempfile.TemporaryDirectory() as folder, Verdictd(options.verdictd, options.model) as server:
        bench = Bench(options, server, load.write_texts(pathlib.Path(folder) / "texts.txt"))
        bench.peak()  # warm
        first_peak = bench.peak()
        moderate, cpu_seconds = bench.run("--rate", first_peak / 2)
        accepted_cpu_seconds = cpu_seconds / max(1, moderate.calls("OK"))
        runs = {factor: bench.run("--rate", factor * first_peak) for factor in FACTORS}
        last_peak = bench.peak()
    peak = (first_peak + last_peak) / 2
    findings.note(peaks=[first_peak, last_peak], accepted_cpu_us=round(accepted_cpu_seconds * 1e6, 1))
    for factor, (report, cpu_seconds) in runs.items():
        rejection_seconds = rejection_cpu_seconds(report, cpu_seconds, accepted_cpu_seconds)
        findings.note(**{f"{factor}x": {
            "goodput_of_peak": round(report.goodput / peak, 3),
            "codes": report.figures["codes"],
            "ok_p50_ms": report.latency_ms("p50"),
            "ok_p99_ms": report.latency_ms("p99"),
            "rejection_p99_ms": report.latency_ms("p99", "RESOURCE_EXHAUSTED"),
            "rejection_cpu_us": rejection_seconds and round(rejection_seconds * 1e6, 1),
            "generator_behind": report.behind,
        }})
        findings.at_most(f"{factor}x_p99_of_accepted_ms", report.latency_ms("p99"), DEADLINE_MS)
        findings.equal(f"{factor}x_ok_after_deadline", report.ok_after_deadline, 0)
        if factor in LEAST_GOODPUT:
            findings.at_least(f"{factor}x_goodput_of_peak", round(report.goodput / peak, 3), LEAST_GOODPUT[factor])
    report, cpu_seconds = runs[2]
    findings.at_most("2x_rejection_p99_ms", report.latency_ms("p99", "RESOURCE_EXHAUSTED"), MOST_REJECTION_MS)
    report, cpu_seconds = runs[10]
    findings.at_most("10x_rejection_cpu_seconds", rejection_cpu_seconds(report, cpu_seconds, accepted_cpu_seconds),
                     MOST_REJECTION_CPU_SECONDS)


script.run(__doc__, test, add_options, time_limit=420)
