"""Two servers under load, and one after the other of them ends and is started again."""
import contextlib
import time

import load
from verdictd import Verdictd

# Of which a restart takes about one; clients have the rest to come back.
SECONDS_BETWEEN = 2.5
ATTEMPTS = 4
LEAST_CALLS = 10_000


def add_options(parser):
    parser.add_argument("--restarts", type=int, default=20)
    parser.add_argument("--rate", type=float, default=250, help="calls a second")


def restart(server, end):
    """Ends the server by `end`, starts it again where it was, and gives its exit status."""
    exit_status = end(server)
    server.start()
    server.await_serving()
    return exit_status


def under_load(options, findings, end):
    """Restarts in turn, while calls go to both: the exit statuses. No call may fail, as its caller
    sees it."""
    load.require(options.verdict)
    with contextlib.ExitStack() as stack:
        pair = [stack.enter_context(Verdictd(options.verdictd, options.model)) for _ in range(2)]
        run = stack.enter_context(load.Load(
            options.verdict, [server.address for server in pair], "--rate", options.rate, "--timeout", "5s",
            "--attempts", ATTEMPTS, "--duration", f"{(options.restarts + 1) * SECONDS_BETWEEN}s"))
        start = time.monotonic()
        exit_statuses = []
        for number in range(1, options.restarts + 1):
            time.sleep(max(0, start + number * SECONDS_BETWEEN - time.monotonic()))
            if not run.running():
                break
            exit_statuses.append(restart(pair[number % 2], end))
        report = run.report(timeout=load.PATIENCE_SECONDS + SECONDS_BETWEEN)
    findings.note(codes=report.figures["codes"], p99_ms=report.latency_ms("p99"), max_ms=report.latency_ms("max"))
    findings.equal("restarts", len(exit_statuses), options.restarts)
    findings.at_least("calls", report.figures["finished"], LEAST_CALLS)
    findings.equal("calls_failed", report.failed(), 0)
    return exit_statuses
