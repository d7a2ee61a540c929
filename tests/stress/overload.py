#!/usr/bin/python3
"""1, 2, 5 and 10 times the peak rate, in an open loop, with deadlines of a second.

The peak is what a closed loop gets, before and after. At 2 times as much the goodput stays at 95 % of it, at 10 times at
90 %; what is accepted is answered within its deadline; what is refused is refused within 5 ms at 2 times the peak, and costs
no more than 25 us of the server's CPU.

That cost is what all threads used that do not compute, less what they use when nobody calls and what other calls make them
use, which a run at half the peak tells, divided by the number of refused calls; calls are counted by the server.
"""
import dataclasses
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


@dataclasses.dataclass
class Run:
    """One load: its report, the CPU seconds that it cost, and how many calls the server refused, and dealt with else."""

    report: load.Report
    cpu_seconds: float
    rejected: int
    others: int

    def rejection_cpu_seconds(self, other_cpu_seconds):
        return (self.cpu_seconds - self.others * other_cpu_seconds) / self.rejected


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
        before, cpu_seconds, start = self._handled(), self._serving_seconds(), time.monotonic()
        report = load.measure(self.options.verdict, self.server.address, *self.texts, *flags,
                              "--timeout", f"{DEADLINE_MS}ms", seconds=self.options.seconds)
        cpu_seconds = self._serving_seconds() - cpu_seconds - self.idle_share * (time.monotonic() - start)
        handled = self._handled()
        rejected = handled.get("ResourceExhausted", 0) - before.get("ResourceExhausted", 0)
        return Run(report, cpu_seconds, rejected, sum(handled.values()) - sum(before.values()) - rejected)

    def peak(self):
        return load.peak(self.options.verdict, self.server.address, *self.texts, seconds=self.options.seconds)

    def _handled(self):
        return self.server.metrics().by("grpc_code", "grpc_server_handled_total")

    def _serving_seconds(self):
        engine = [thread.cpu_seconds for thread in self.server.threads().values() if thread.name.startswith(ENGINE_THREADS)]
        return self.server.cpu_seconds() - sum(engine)


def report_run(factor, run, peak, other_cpu_seconds, findings):
    """Notes the figures of one rate, and holds those that have a bound at every rate."""
    report = run.report
    goodput = round(report.goodput / peak, 3)
    findings.note(**{f"{factor}x": {
        "goodput_of_peak": goodput,
        "codes": report.figures["codes"],
        "ok_p50_ms": report.latency_ms("p50"),
        "rejection_p99_ms": report.latency_ms("p99", "RESOURCE_EXHAUSTED"),
        "rejection_cpu_us": run.rejected and round(run.rejection_cpu_seconds(other_cpu_seconds) * 1e6, 1),
        "generator_behind": report.behind,
    }})
    findings.at_most(f"{factor}x_p99_of_accepted_ms", report.latency_ms("p99"), DEADLINE_MS)
    findings.equal(f"{factor}x_ok_after_deadline", report.ok_after_deadline, 0)
    if factor in LEAST_GOODPUT:
        findings.at_least(f"{factor}x_goodput_of_peak", goodput, LEAST_GOODPUT[factor])


def test(options, findings):
    load.require(options.verdict)
    with tempfile.TemporaryDirectory() as folder, Verdictd(options.verdictd, options.model) as server:
        bench = Bench(options, server, load.write_texts(pathlib.Path(folder) / "texts.txt"))
        bench.peak()  # warm
        first_peak = bench.peak()
        moderate = bench.run("--rate", first_peak / 2)
        runs = {factor: bench.run("--rate", factor * first_peak) for factor in FACTORS}
        last_peak = bench.peak()
    other_cpu_seconds = moderate.cpu_seconds / moderate.others
    findings.note(peaks=[first_peak, last_peak], other_cpu_us=round(other_cpu_seconds * 1e6, 1))
    for factor, run in runs.items():
        report_run(factor, run, (first_peak + last_peak) / 2, other_cpu_seconds, findings)
    findings.at_most("2x_rejection_p99_ms", runs[2].report.latency_ms("p99", "RESOURCE_EXHAUSTED"), MOST_REJECTION_MS)
    findings.at_least("10x_rejections", runs[10].rejected, 1)
    if runs[10].rejected:
        findings.at_most("10x_rejection_cpu_seconds", round(runs[10].rejection_cpu_seconds(other_cpu_seconds), 7),
                         MOST_REJECTION_CPU_SECONDS)


script.run(__doc__, test, add_options, time_limit=420)
