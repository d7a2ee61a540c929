#!/usr/bin/python3
"""One caller at ten times its share beside two that bring four fifths of theirs.

Three tokens with names have equal shares of the engine. The peak is what a closed loop gets; then
two callers send a third of it less a fifth each, in an open loop with deadlines of a second: alone,
and beside a third that sends ten thirds. The flood costs each of the two at most 5 % of the calls
that it has answered in time alone. What became of whose texts is in verdict_texts_total, by caller.

Rounds take turns, alone and beside, and each is held against the ones around it, since machines
drift. One core is left to who makes the load.
"""
import contextlib
import pathlib
import statistics
import tempfile

import full_size
import load
import script
from verdictd import Verdictd

CALLERS = ("web", "mobile", "flood")
OF_SHARE = 0.8
FLOOD_OF_SHARE = 10
MOST_LOST = 0.05
DEADLINE_MS = 1000


def add_options(parser):
    parser.set_defaults(model=full_size.model())
    parser.add_argument("--seconds", type=int, default=10, help="of each load")
    parser.add_argument("--rounds", type=int, default=5, help="alone and beside the flood")
    full_size.add_threads(parser)


def token_of(name):
    return f"0123456789abcdef-{name}"


def answered(report):
    """The part of its calls that had an answer in time."""
    return report.calls("OK") / sum(report.figures["codes"].values())


def run(options, server, rates, texts, folder):
    """Loads of several callers at a time; the part of its calls that each has answered."""
    with contextlib.ExitStack() as stack:
        loads = {}
        for name, rate in rates.items():
            loads[name] = stack.enter_context(
                load.Load(
                    options.verdict,
                    server.address,
                    *texts,
                    "--token-file",
                    folder / name,
                    "--rate",
                    round(rate, 1),
                    "--timeout",
                    f"{DEADLINE_MS}ms",
                    "--duration",
                    f"{options.seconds}s",
                )
            )
        reports = {
            name: one.report(options.seconds + load.PATIENCE_SECONDS) for name, one in loads.items()
        }
    return {name: answered(report) for name, report in reports.items()}


def test(options, findings):
    load.require(options.verdict)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        lines = [f"{caller}:{token_of(caller)}\n" for caller in CALLERS]
        (folder / "tokens").write_text("".join(lines))
        for caller in CALLERS:
            (folder / caller).write_text(token_of(caller) + "\n")
        texts = ("--file", load.write_texts(folder / "texts.txt"))
        flags = ("--threads", str(options.threads), "--auth-token-file", str(folder / "tokens"))
        with Verdictd(options.verdictd, options.model, *flags) as server:
            peak = load.peak(
                options.verdict,
                server.address,
                *texts,
                "--token-file",
                folder / "web",
                seconds=options.seconds,
            )
            share = peak / len(CALLERS)
            modest = {"web": OF_SHARE * share, "mobile": OF_SHARE * share}
            beside = {**modest, "flood": FLOOD_OF_SHARE * share}
            alone_parts, beside_parts = [], []
            for _ in range(options.rounds):
                alone_parts.append(run(options, server, modest, texts, folder))
                beside_parts.append(run(options, server, beside, texts, folder))
            metrics = server.metrics()
            findings.note(
                peak=round(peak, 1),
                texts_by_caller=metrics.by("caller", "verdict_texts_total"),
                flood_answered=[round(part["flood"], 3) for part in beside_parts],
            )
    for caller in modest:
        alone = [round(part[caller], 3) for part in alone_parts]
        flooded = [round(part[caller], 3) for part in beside_parts]
        findings.note(**{f"{caller}_alone": alone, f"{caller}_beside_the_flood": flooded})
        lost = 1 - statistics.median(flooded) / statistics.median(alone)
        findings.at_most(f"{caller}_lost", round(lost, 3), MOST_LOST)


script.run(__doc__, test, add_options, time_limit=300)
