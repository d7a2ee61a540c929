#!/usr/bin/python3
"""SIGTERM, 20 times, to a server that has every reason not to end: a Health.Watch, readers that
stall, and a queue that holds more work than the drain has time for.

It exits with 0 within --drain-timeout + 1 s, and every call gets a status. Two kinds may end with
their connection instead, which is UNAVAILABLE for whoever made them: the Health.Watch, which is
gRPC's own, and those of a reader that stalled, as it has closed the window through which a status
would come.
"""
import collections

import full_size
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
    parser.set_defaults(model=full_size.model())  # the small one is done before a drain begins


class Stalled:
    """A client that makes calls and reads none of their replies: a Classify, and a ClassifyStream
    with many messages."""

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


def end_once(options):
    """How a server ended: its exit status, its seconds, what became of the calls, and of the
    Watch."""
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
        answers = backlog.connection.await_answers(filling, timeout=0)
        watched = backlog.connection.await_answers([watching], timeout=0)
    return exit_status, seconds, collections.Counter(map(str, answers.values())), str(watched.get(watching))


def test(options, findings):
    statuses, seconds, codes, watches = zip(*[end_once(options) for _ in range(options.times)])
    codes = sum(codes, collections.Counter())
    findings.note(codes=codes, watches=collections.Counter(watches), seconds=[round(each, 3) for each in seconds])
    findings.equal("exit_statuses", sorted(set(statuses)), [0])
    findings.at_most("longest_seconds_to_the_exit", round(max(seconds), 3), DRAIN_SECONDS + MOST_SECONDS_BEYOND)
    findings.equal("watches_that_did_not_end", watches.count("None"), 0)
    findings.equal("calls_without_a_status", sum(count for code, count in codes.items() if not code.startswith("status")), 0)
    findings.at_least("calls_that_the_drain_had_no_time_for", codes[f"status {http2.UNAVAILABLE}"], 1)


script.run(__doc__, test, add_options, time_limit=300)
