#!/usr/bin/python3
"""60 calls whose requests of 16 MB come but for their last byte, over 6 connections: RSS grows by
less than 200 MB, bare and behind nginx, and a good caller is answered <= 1 s throughout. With a
token file the callers have no token."""
import contextlib
import pathlib
import tempfile

import good_caller
import http2
import script
from attackers import Attackers, Uploads
from front import Nginx
from verdictd import Samples, Verdictd

CALLS = 60
CONNECTIONS = 6
MESSAGE_BYTES = 16 << 20
MOST_GROWTH_MB = 200


def measure(options, findings, name, behind_front, *arguments, **headers):
    with Verdictd(options.verdictd, options.model, *arguments) as server, contextlib.ExitStack() as stack:
        port = stack.enter_context(Nginx(server)).port if behind_front else server.grpc_port
        good = stack.enter_context(good_caller.OneConnection(port, **headers))
        good_caller.repeat(good, 0.5)
        unfinished = http2.message(bytes(MESSAGE_BYTES - 1), length=MESSAGE_BYTES)
        attackers = Attackers(*(Uploads(port, CALLS // CONNECTIONS, unfinished, finished=False) for _ in range(CONNECTIONS)))
        with Samples(server.rss_bytes) as memory, attackers:
            during = good_caller.repeat(good, options.hold)
        after = good_caller.repeat(good, 1)
    findings.note(**{f"{name}_attack": attackers.counts()})
    findings.at_most(f"{name}_rss_growth_mb", round(memory.growth() / 1e6, 1), MOST_GROWTH_MB)
    during.hold(findings, name)
    after.hold(findings, f"{name}_after")


def test(options, findings):
    with tempfile.TemporaryDirectory() as folder:
        tokens = pathlib.Path(folder) / "tokens"
        tokens.write_text("let-me-in-please\n")
        token = {"authorization": "Bearer let-me-in-please"}
        if options.case in (None, "bare"):
            measure(options, findings, "bare", False)
        if options.case in (None, "without_a_token"):
            measure(options, findings, "without_a_token", False, "--auth-token-file", str(tokens), **token)
        if options.case in (None, "behind_nginx"):
            measure(options, findings, "behind_nginx", True)


def add_options(parser):
    parser.add_argument("--hold", type=float, default=5, metavar="SECONDS")
    parser.add_argument("--case", choices=["bare", "without_a_token", "behind_nginx"], help="this one alone")


script.run(__doc__, test, add_options)
