#!/usr/bin/python3
"""Calls with a malformed `-bin` header beside good streams, bare and behind each front.

gRPC 1.51 closes the connection that brings such a header (CVE-2023-32732). Bare, that is the
sender's own. A front that carries all its clients over one connection to the server would end their
calls with it: behind the fronts that are shipped every good stream goes on to its end.
"""
import contextlib
import time

import http2
import script
from front import Haproxy, Nginx
from verdictd import Verdictd

GOOD_CLIENTS = 8
ROUNDS = 20
MALFORMED = ["!!!", "A", "=", "QUJD=QUJD", "\x80\xff"]
MESSAGES = 3
PATIENCE_SECONDS = 10


def stream_message(number):
    """A ClassifyStreamRequest whose `request` is a ClassifyRequest."""
    return http2.message(bytes([1 << 3, number]) + http2.field(2, http2.classify_request("A warm, funny film.")))


class GoodStream:
    """A client of its own, with a stream that stays open until it is finished."""

    def __init__(self, port):
        self.connection = http2.Connection(port)
        self.stream = self.connection.new_stream()
        self.connection.send(self.connection.headers(self.stream, http2.request_headers("ClassifyStream")))
        self.say()

    def say(self, *flags):
        self.connection.send(http2.data(self.stream, stream_message(1), *flags))

    def finish(self):
        self.say("END_STREAM")
        return self.connection.await_answers([self.stream], PATIENCE_SECONDS).get(self.stream, http2.Answer())


def broken_streams(port):
    """How many of the good streams did not end well."""
    with contextlib.ExitStack() as stack:
        good = [GoodStream(port) for _ in range(GOOD_CLIENTS)]
        for client in good:
            stack.callback(client.connection.close)
        for number in range(ROUNDS):
            with contextlib.suppress(OSError), http2.Connection(port) as attacker:
                attacker.ask(http2.classify_request("x"), timeout=2, x_bin=MALFORMED[number % len(MALFORMED)])
            if number % (ROUNDS // MESSAGES) == 0:
                for client in good:
                    client.say()
        return sum(client.finish().status != http2.OK for client in good)


def test(options, findings):
    for front in (None, Nginx, Haproxy):
        name = front.NAME if front else "bare"
        with Verdictd(options.verdictd, options.model) as server, contextlib.ExitStack() as stack:
            port = stack.enter_context(front(server)).port if front else server.grpc_port
            http2.classify(port)
            start = time.monotonic()
            findings.equal(f"{name}_good_streams_broken", broken_streams(port), 0)
            findings.note(**{f"{name}_seconds": round(time.monotonic() - start, 1)})
            status, seconds = http2.classify(port)
            findings.equal(f"{name}_next_call_status", status, http2.OK)
            findings.at_most(f"{name}_next_call_seconds", round(seconds, 3), 1)


script.run(__doc__, test)
