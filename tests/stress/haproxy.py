#!/usr/bin/python3
"""HAProxy, with deploy/front/haproxy.cfg, in front of two servers under load, which are restarted
in turn by SIGTERM.

Both servers have their share of the calls, and no call fails. `--attempts 1` asks this of the front
alone, which a busy machine may fail: a server that computes slowly refuses calls.
"""
import contextlib
import time

import front
import load
import restarts
import script
from verdictd import Verdictd

DRAIN_DELAY = "2s"  # HAProxy asks four times a second whether a server is ready
DRAIN_SECONDS = 30
SECONDS_BETWEEN = 2
LEAST_SHARE = 0.4


def add_options(parser):
    parser.add_argument("--restarts", type=int, default=6)
    parser.add_argument("--rate", type=float, default=100, help="calls a second")
    parser.add_argument("--attempts", type=int, default=restarts.ATTEMPTS, help="of the client, for each call")


def answered(server):
    return server.metrics().total("grpc_server_handled_total", grpc_method="Classify", grpc_code="OK")


def test(options, findings):
    load.require(options.verdict)
    with contextlib.ExitStack() as stack:
        pair = [stack.enter_context(Verdictd(options.verdictd, options.model, "--drain-delay", DRAIN_DELAY)) for _ in range(2)]
        proxy = stack.enter_context(front.Haproxy(*pair))
        seconds = 5 * (options.restarts + 1)
        run = stack.enter_context(load.Load(
            options.verdict, proxy.address, "--rate", options.rate, "--timeout", "20s",
            "--attempts", options.attempts, "--connections", 4, "--duration", f"{seconds}s"))
        time.sleep(SECONDS_BETWEEN)
        shares = [answered(server) for server in pair]
        exit_statuses = []
        for number in range(options.restarts):
            exit_statuses.append(restarts.restart(pair[number % 2], lambda server: server.stop(DRAIN_SECONDS)[0]))
            time.sleep(SECONDS_BETWEEN)
        under_load = run.running()
        report = run.report(timeout=seconds + load.PATIENCE_SECONDS)
    findings.note(codes=report.figures["codes"], calls_before_restarts=shares)
    findings.at_least("least_share", round(min(shares) / max(sum(shares), 1), 2), LEAST_SHARE)
    findings.equal("exit_statuses", sorted(set(exit_statuses)), [0])
    findings.equal("under_load_to_the_end", under_load, True)
    findings.equal("calls_failed", report.failed(), 0)


script.run(__doc__, test, add_options, time_limit=240)
