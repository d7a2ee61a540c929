#!/usr/bin/python3
"""60 calls whose requests of 16 MB come but for their last byte, over 6 connections: RSS grows by less than 200 MB, bare
and behind nginx, and when they have gone a good caller is answered <= 1 s. How it fares meanwhile is noted: at its quota
gRPC drops new connections and ends calls, whoever's they are. With a token file the callers have no token."""
import contextlib
import multiprocessing
import os
import pathlib
import tempfile
import time

import http2
import script
from front import Nginx
from verdictd import Samples, Verdictd

CALLS = 60
CONNECTIONS = 6
MESSAGE_BYTES = 16 << 20
MOST_GROWTH_MB = 200
PART_BYTES = 1 << 18  # in one go


class Unfinished(multiprocessing.Process):
    """The calls of one connection: each is sent as far as the server takes it, but for the last byte. A process of its
    own, so that it takes no time of the good caller's."""

    def __init__(self, port, calls):
        super().__init__(daemon=True)
        self.port = port
        self.calls = calls
        self.sent_bytes = multiprocessing.Value("q", 0)

    def run(self):
        os.nice(19)
        connection = http2.Connection(self.port)
        sent = {}
        for _ in range(self.calls):
            stream = connection.new_stream()
            connection.send(connection.headers(stream, http2.request_headers()))
            sent[stream] = 0
        prefix, zeros = http2.message(b"", length=MESSAGE_BYTES), bytes(PART_BYTES)
        while not connection.closed:
            for stream in [stream for stream in sent if not connection._has_ended(stream)]:
                size = min(PART_BYTES, len(prefix) + MESSAGE_BYTES - 1 - sent[stream], connection._room(stream))
                if size > 0:
                    connection.windows[0] -= size
                    connection.windows[stream] -= size
                    connection.send(http2.data(stream, zeros[:size] if sent[stream] else (prefix + zeros)[:size]))
                    sent[stream] += size
                    self.sent_bytes.value += size
            time.sleep(0.05)


def good_calls(port, seconds, headers):
    """The latencies of one good caller, and what was not OK."""
    latencies, failed = [], []
    end = time.monotonic() + seconds
    connection = http2.Connection(port)
    while time.monotonic() < end:
        start = time.monotonic()
        answer = connection.ask(http2.classify_request("A warm, funny film."), timeout=5, **headers)
        latencies.append(time.monotonic() - start)
        if answer.status != http2.OK:
            failed.append(str(answer))
            connection.close()
            connection = http2.Connection(port)
        time.sleep(0.02)
    connection.close()
    return latencies, failed


def measure(options, behind_front, *arguments, **headers):
    with Verdictd(options.verdictd, options.model, *arguments) as server, contextlib.ExitStack() as stack:
        port = stack.enter_context(Nginx(server)).port if behind_front else server.grpc_port
        good_calls(port, 0.5, headers)
        attackers = [Unfinished(port, CALLS // CONNECTIONS) for _ in range(CONNECTIONS)]
        with Samples(server.rss_bytes) as memory:
            for attacker in attackers:
                attacker.start()
            latencies, failed = good_calls(port, options.hold, headers)
        for attacker in attackers:
            attacker.terminate()
            attacker.join()
        after, failed_after = good_calls(port, 1, headers)
        return {"rss_growth_mb": round(memory.growth() / 1e6, 1), "sent_mb": round(sum(a.sent_bytes.value for a in attackers) / 1e6),
                "good_calls": len(latencies), "failed": failed[:3] + failed_after[:3], "failed_count": len(failed),
                "slowest_seconds": round(max(latencies), 3), "slowest_after_seconds": round(max(after), 3)}


def test(options, findings):
    with tempfile.TemporaryDirectory() as folder:
        tokens = pathlib.Path(folder) / "tokens"
        tokens.write_text("let-me-in-please\n")
        cases = {"bare": lambda: measure(options, False),
                 "without_a_token": lambda: measure(options, False, "--auth-token-file", str(tokens), authorization="Bearer let-me-in-please"),
                 "behind_nginx": lambda: measure(options, True)}
        for name, run in cases.items():
            if options.case not in (None, name):
                continue
            figures = run()
            findings.note(**{name: figures})
            findings.at_most(f"{name}_rss_growth_mb", figures["rss_growth_mb"], MOST_GROWTH_MB)
            findings.at_most(f"{name}_slowest_seconds_after", figures["slowest_after_seconds"], 1)


def add_options(parser):
    parser.add_argument("--hold", type=float, default=5, metavar="SECONDS")
    parser.add_argument("--case", choices=["bare", "without_a_token", "behind_nginx"], help="this one alone")


script.run(__doc__, test, add_options)
