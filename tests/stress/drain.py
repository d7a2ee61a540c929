#!/usr/bin/python3
"""SIGTERM, 20 times, to a server that has every reason not to end: a Health.Watch, readers that stall, and a queue that
holds more work than the drain has time for.

It exits with 0 within --drain-timeout + 1 s, and every call gets a status. A reader that stalled has closed its window, so
no status can reach it; its call ends with a reset or with its connection.
"""
import collections

import http2
import script
from backlog import UNBOUNDED, Backlog
from verdictd import Verdictd

DRAIN_SECONDS = 1
MOST_SECONDS_BEYOND = 1
STALLED_MESSAGES = 100
NO_WINDOW = {4: 0}  # SETTINGS_INITIAL_WINDOW_SIZE


def add_options(parser):
    parser.add_argument("--times", type=int, default=20)


class Stalled:
    """A client that makes calls and reads none of their replies: a Classify, and a ClassifyStream with many messages."""

    def __init__(self, port):
        self.connection = http2.Connection(port, settings=NO_WINDOW)
        self.connection.call(http2.classify_request("A warm, funny film."))
        stream = self.connection.new_stream()
        request = http2.message(http2.field(2, http2.classify_request("A long, cold film.")))
        self.connection.send(self.connection.headers(stream, http2.request_headers("ClassifyStream")) +
                             http2.data(stream, request * STALLED_MESSAGES))
        self.connection.await_frame(5)


def watch(connection):
    """A Health.Watch that its client never ends: its stream."""
    return connection.call(b"", "/grpc.health.v1.Health/Watch")


def end_once(options, findings):
    """How a server ended: its exit status, its seconds, and what became of the calls."""
    drain = ("--drain-timeout", f"{DRAIN_SECONDS}s")
    with Verdictd(options.verdictd, options.model, *UNBOUNDED, *drain) as server:
        backlog = Backlog(server.grpc_port)
        Stalled(server.grpc_port)
        watching = watch(backlog.connection)
        filling = backlog.fill(2 * DRAIN_SECONDS + MOST_SECONDS_BEYOND)
        # A later call's answer says that all of the backlog has reached the server.
        backlog.connection.ask(b"", "GetModel")
        exit_status, seconds = server.stop(timeout=30)
        backlog.connection.await_closed(5)
        answers = backlog.connection.await_answers([watching, *filling], timeout=0)
    return exit_status, seconds, collections.Counter(str(answer) for answer in answers.values())


def test(options, findings):
    ends, codes = [], collections.Counter()
    for _ in range(options.times):
        exit_status, seconds, found = end_once(options, findings)
        ends.append((exit_status, round(seconds, 3)))
        codes += found
    findings.note(codes=codes, seconds=[seconds for _, seconds in ends])
    findings.equal("exit_statuses", sorted({status for status, _ in ends}), [0])
    findings.at_most("longest_seconds_to_the_exit", max(seconds for _, seconds in ends), DRAIN_SECONDS + MOST_SECONDS_BEYOND)
    findings.equal("calls_without_a_status", sum(count for code, count in codes.items() if not code.startswith("status")), 0)
    findings.at_least("calls_that_the_drain_had_no_time_for", codes[f"status {http2.UNAVAILABLE}"], 1)


script.run(__doc__, test, add_options)
