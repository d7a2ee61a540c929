#!/usr/bin/python3
"""40 calls of Health.Watch and 40 of Health.Check for a service whose name has 16 MB: RSS grows by
at most 200 MB while they last, bare and behind nginx, and a good caller is answered <= 1 s
throughout."""
import contextlib

import good_caller
import http2
import script
from attackers import Attackers, Uploads
from front import Nginx
from verdictd import Samples, Verdictd

NAME_BYTES = 16_000_000  # with its framing within what gRPC takes
CALLS = 40  # of each method
CONNECTIONS = 4  # of each method
MOST_GROWTH_MB = 200


def measure(options, findings, name, front):
    body = http2.message(http2.field(1, b"x" * NAME_BYTES))
    with Verdictd(options.verdictd, options.model) as server, contextlib.ExitStack() as stack:
        port = stack.enter_context(front(server)).port if front else server.grpc_port
        good = stack.enter_context(good_caller.OneConnection(port))
        good_caller.repeat(good, 0.5)
        kinds = {method: Attackers(*(Uploads(port, CALLS // CONNECTIONS, body, f"/grpc.health.v1.Health/{method}")
                                     for _ in range(CONNECTIONS))) for method in ("Watch", "Check")}
        with Samples(server.rss_bytes) as memory, kinds["Watch"], kinds["Check"]:
            during = good_caller.repeat(good, options.hold)
    findings.note(**{f"{name}_{method}": attackers.counts() for method, attackers in kinds.items()})
    findings.at_most(f"{name}_rss_growth_mb", round(memory.growth() / 1e6, 1), MOST_GROWTH_MB)
    during.hold(findings, name)


def test(options, findings):
    measure(options, findings, "bare", None)
    measure(options, findings, "behind_nginx", Nginx)


def add_options(parser):
    parser.add_argument("--hold", type=float, default=8, metavar="SECONDS")


script.run(__doc__, test, add_options)
