#!/usr/bin/python3
"""1, 2, 5 and 10 times the peak rate, in an open loop, with deadlines of a second.

The peak is what a closed loop gets. It is measured in turn with the floods, and each is held
against the mean of the peaks just before and just after it, since machines drift; how far these two
are apart says by how much. At 2 times the peak the goodput stays at 95 % of it, at 5 and 10 times
at 90 %, in five rounds of six (`--rounds`; one alone has to hold); what is accepted is answered
within its deadline, and at 2 times the peak what is refused is refused within 5 ms. One core is
left to who makes the load, who would else be measured too.

What a rejection costs the server is told by a flood: one text is in flight, and all others are
refused. It is the CPU time of all threads that do not compute. Most of it is gRPC's own work for a
call, which a flood of GetModel tells: where that takes 16 us, a rejection may take 25, and
elsewhere as much in proportion.
"""
import itertools
import pathlib
import tempfile

import full_size
import load
import script
from verdictd import Verdictd

FACTORS = (1, 2, 5, 10)
LEAST_GOODPUT = {2: 0.95, 5: 0.9, 10: 0.9}
DEADLINE_MS = 1000
MOST_REJECTION_MS = 5
MOST_REJECTION_BY_EMPTY_CALL = 25 / 16
FLOOD_CALLS_IN_FLIGHT = 200
FLOOD_SECONDS = 8
ENGINE_THREADS = ("engine", "worker-")  # how the names of those that compute begin


def add_options(parser):
    parser.set_defaults(model=full_size.model())
    parser.add_argument("--seconds", type=int, default=15, help="of each rate")
    parser.add_argument("--rounds", type=int, default=1, help="of all rates; a sixth of them may miss the goodput")
    full_size.add_threads(parser)


def serving_seconds(server):
    """CPU time of the threads that do not compute."""
    return sum(thread.cpu_seconds for thread in server.threads().values() if not thread.name.startswith(ENGINE_THREADS))


def flood_us(options, server, *flags):
    """The report, and the CPU microseconds of the server's for each call, when calls come as fast
    as they are answered."""
    before = serving_seconds(server)
    report = load.measure(options.verdict, server.address, *flags, "--concurrency", FLOOD_CALLS_IN_FLIGHT, "--timeout", "5s",
                          seconds=FLOOD_SECONDS)
    return report, (serving_seconds(server) - before) / sum(report.figures["codes"].values()) * 1e6


def report_rejections(options, findings):
    limits = ("--threads", options.threads, "--max-inputs", 1, "--max-texts-in-flight", 1)
    with Verdictd(options.verdictd, options.model, *map(str, limits)) as server:
        _, empty_us = flood_us(options, server, "--mix", "info=100")
        rejections, rejection_us = flood_us(options, server)
    findings.note(get_model_cpu_us=round(empty_us, 1), rejection_cpu_us=round(rejection_us, 1))
    findings.at_least("rejections_in_the_flood", rejections.calls("RESOURCE_EXHAUSTED"), 1000)
    findings.at_most("rejection_cpu_by_an_empty_call", round(rejection_us / empty_us, 3), MOST_REJECTION_BY_EMPTY_CALL)


def report_rate(name, factor, report, peaks, findings):
    """Notes the figures of one rate, holds those that have a bound in every round, and gives the
    goodput by the peak."""
    peak = sum(peaks) / len(peaks)
    goodput = round(report.goodput / peak, 3)
    findings.note(**{name: {
        "peaks": [round(value, 1) for value in peaks],
        "peaks_apart": round(abs(peaks[0] - peaks[1]) / peak, 3),
        "goodput_of_peak": goodput,
        "codes": report.figures["codes"],
        "ok_p50_ms": report.latency_ms("p50"),
        "rejection_p50_ms": report.latency_ms("p50", "RESOURCE_EXHAUSTED"),
        "rejection_p99_ms": report.latency_ms("p99", "RESOURCE_EXHAUSTED"),
        "generator_behind": report.behind,
    }})
    findings.at_most(f"{name}_p99_of_accepted_ms", report.latency_ms("p99"), DEADLINE_MS)
    # Counted from when a call was to be made: who makes the load may have made it late.
    findings.at_most(f"{name}_ok_after_deadline", report.ok_after_deadline, report.calls("OK") // 1000)
    if factor == 2:
        findings.at_most(f"{name}_rejection_p99_ms", report.latency_ms("p99", "RESOURCE_EXHAUSTED"), MOST_REJECTION_MS)
    return goodput


def report_goodput(goodputs, findings):
    """Holds those of all rounds: a sixth of them, rounded down, may miss the bound."""
    for factor, least in LEAST_GOODPUT.items():
        found = sorted(goodputs[factor])
        findings.note(**{f"{factor}x_goodputs": found})
        findings.at_least(f"{factor}x_goodput_of_peak", found[len(found) // 6], least)


def test(options, findings):
    load.require(options.verdict)
    with tempfile.TemporaryDirectory() as folder, \
            Verdictd(options.verdictd, options.model, "--threads", str(options.threads)) as server:
        texts = ("--file", load.write_texts(pathlib.Path(folder) / "texts.txt"))
        measure_peak = lambda: load.peak(options.verdict, server.address, *texts, seconds=options.seconds)
        measure_peak()  # warm
        before = measure_peak()
        goodputs = {factor: [] for factor in FACTORS}
        for number, factor in itertools.product(range(options.rounds), FACTORS):
            report = load.measure(options.verdict, server.address, *texts, "--rate", factor * before,
                                  "--timeout", f"{DEADLINE_MS}ms", seconds=options.seconds)
            after = measure_peak()
            name = f"{factor}x" if options.rounds == 1 else f"{factor}x_round_{number + 1}"
            goodputs[factor].append(report_rate(name, factor, report, (before, after), findings))
            before = after
        report_goodput(goodputs, findings)
    report_rejections(options, findings)


script.run(__doc__, test, add_options, time_limit=420)
