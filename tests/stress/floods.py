#!/usr/bin/python3
"""Floods of resets, of calls without requests and of endless headers against verdictd, bare and
behind nginx.

Bare, the figures are what gRPC 1.51 makes of them, and there is no bound: the library alone cannot
pass, and README.md says so. Behind the front, with deploy/front/nginx.conf, the same floods leave
the server calm: its memory and CPU time stay bounded, and the good client's calls through the front
are answered.
"""
import contextlib
import socket
import statistics
import threading

import hpack

import good_caller
import http2
import script
from conversations import CONTINUATION, END_HEADERS, HEADERS, RST_STREAM, frame, literal
from front import Nginx
from verdictd import LOOPBACK, Samples, Verdictd

MOST_GROWTH_BYTES = 32e6
MOST_CPU_SHARE = 0.5  # of one core, good calls included
MOST_P50_SECONDS = 0.2


def add_options(parser):
    parser.add_argument("--seconds", type=float, default=4, help="of each flood")
    parser.add_argument("--flood", choices=["rapid_reset", "half_open", "continuation"], help="this one alone")
    parser.add_argument("--attackers", type=int, default=2, help="connections")


def opened_calls(then):
    """Parts of an endless conversation: the headers of calls, each followed by what `then` gives
    for its stream."""
    encoder = hpack.Encoder()
    first = encoder.encode(http2.request_headers())
    again = encoder.encode(http2.request_headers())  # all of it is in the table by now
    yield frame(HEADERS, 1, first, END_HEADERS) + then(1)
    for start in range(3, 0x7FFFFFFF, 2000):
        yield b"".join(frame(HEADERS, stream, again, END_HEADERS) + then(stream) for stream in range(start, start + 2000, 2))


def rapid_reset():
    """Calls that are opened and reset at once."""
    return opened_calls(lambda stream: frame(RST_STREAM, stream, bytes([0, 0, 0, 8])))


def half_open():
    """Calls whose requests never come."""
    return opened_calls(lambda stream: b"")


def continuation():
    """Headers that never end."""
    yield frame(HEADERS, 1, hpack.Encoder().encode(http2.request_headers()))
    part = b"".join(literal(b"x-%04d" % number, b"a" * 100) for number in range(140))
    while True:
        yield frame(CONTINUATION, 1, part) * 8


class Flood:
    """Connections that say what `conversation` gives without reading, and come back when they are
    thrown out."""

    def __init__(self, port, conversation, attackers):
        self.port = port
        self.conversation = conversation
        self.sent_bytes = 0
        self.connections = 0
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._attack, daemon=True) for _ in range(attackers)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def _attack(self):
        while not self.over.is_set():
            with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, self.port), timeout=0.5) as attacker:
                self.connections += 1
                attacker.sendall(http2.PREFACE + frame(4))
                for part in self.conversation():
                    attacker.sendall(part)
                    self.sent_bytes += len(part)
                    if self.over.is_set():
                        break


def measure(options, conversation, proxy=None):
    """The figures of one flood on a server of its own, which is behind a `proxy` of the module
    front."""
    with Verdictd(options.verdictd, options.model) as server, contextlib.ExitStack() as stack:
        front = stack.enter_context(proxy(server)) if proxy else None
        port = front.port if front else server.grpc_port
        good = good_caller.new_connections(port, timeout=2)
        before = good_caller.repeat(good, 1)
        cpu, front_cpu = server.cpu_seconds(), front.cpu_seconds() if front else 0
        front_memory = stack.enter_context(Samples(front.rss_bytes if front else lambda: 0))
        with Samples(server.rss_bytes) as memory, Flood(port, conversation, options.attackers) as flood:
            during = good_caller.repeat(good, options.seconds)
        return {
            "rss_growth_bytes": memory.growth(),
            "cpu_share": round((server.cpu_seconds() - cpu) / options.seconds, 2),
            "front_rss_growth_bytes": front_memory.growth(),
            "front_cpu_share": round(((front.cpu_seconds() if front else 0) - front_cpu) / options.seconds, 2),
            "sent_bytes": flood.sent_bytes,
            "attacking_connections": flood.connections,
            "good_calls": len(during.latencies),
            "good_calls_failed": len(during.failed),
            "p50_seconds_before": round(statistics.median(before.latencies), 4),
            "p50_seconds": round(statistics.median(during.latencies), 4),
            "longest_seconds": round(max(during.latencies), 4),
            "alive": server.alive(),
        }


def test(options, findings):
    for conversation in (rapid_reset, half_open, continuation):
        name = conversation.__name__
        if options.flood not in (None, name):
            continue
        findings.note(**{f"{name}_bare": measure(options, conversation)})
        behind = measure(options, conversation, Nginx)
        findings.note(**{f"{name}_behind_nginx": behind})
        findings.equal(f"{name}_good_calls_failed", behind["good_calls_failed"], 0)
        findings.at_most(f"{name}_p50_seconds_of_good_calls", behind["p50_seconds"], MOST_P50_SECONDS)
        findings.at_most(f"{name}_rss_growth_bytes", behind["rss_growth_bytes"], MOST_GROWTH_BYTES)
        findings.at_most(f"{name}_cpu_share", behind["cpu_share"], MOST_CPU_SHARE)


script.run(__doc__, test, add_options)
