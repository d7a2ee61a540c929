#!/usr/bin/python3
"""One server replaced by another, 20 times, under the calls of stock clients: gRPC of five
languages with its defaults (pick_first, no service config, no retries) behind a balancer of
connections.

No call fails, also while another client's stream does not read its replies, and that stream holds
up no drain. A client whose packages are missing is left out, and the figures say so.
"""
import contextlib
import tempfile
import threading
import time

import grpc

import http2
import script
import stock_clients
from balancer import Balancer
from verdictd import Verdictd

DRAIN_SECONDS = 30
READER_PATIENCE_SECONDS = 2  # the server's
SECONDS_BETWEEN = 1.5
MOST_SECONDS_BEYOND = 3  # of a drain: the GOAWAYs' round trip, the calls in progress, a busy machine
LEAST_CALLS = 5_000  # of all clients together
STREAM_LIMIT = 64  # messages that a stream may have open


def add_options(parser):
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--delays", type=float, nargs="*", default=[5, 2], metavar="SECONDS", help="of --drain-delay")
    parser.add_argument("--rate", type=float, default=80, help="calls a second, of each client")
    parser.add_argument("--clients", nargs="*", default=list(stock_clients.LANGUAGES), choices=list(stock_clients.LANGUAGES))


def unanswered(server):
    """Messages that a server has read from streams, and whose replies it could not write yet."""
    metrics = server.metrics()
    received, sent = (metrics.total(f"grpc_server_msg_{done}_total", grpc_method="ClassifyStream") for done in ("received", "sent"))
    return received - sent


class StalledReader:
    """A grpcio client that sends to a ClassifyStream for as long as it may and reads nothing."""

    SMALL_WINDOW = [("grpc.use_local_subchannel_pool", 1), ("grpc.http2.lookahead_bytes", 4096), ("grpc.http2.bdp_probe", 0)]

    def __init__(self, server):
        request = http2.field(2, http2.classify_request("A long, cold film."))
        self.over = threading.Event()
        self.channel = grpc.insecure_channel(server.address, options=self.SMALL_WINDOW)
        call = self.channel.stream_stream("/verdict.v1.Classifier/ClassifyStream")
        self.call = call(self._endless(request))
        while unanswered(server) < STREAM_LIMIT:
            time.sleep(0.1)

    def _endless(self, request):
        while not self.over.is_set():
            yield request

    def close(self):
        self.over.set()
        self.call.cancel()
        self.channel.close()


def prepare(options, folder):
    """The clients that can be run here, and why the others cannot."""
    prepared, missing = {}, {}
    for language in options.clients:
        try:
            prepared[language] = stock_clients.LANGUAGES[language](folder)
        except stock_clients.Missing as reason:
            missing[language] = str(reason)
    return prepared, missing


def replace_once(options, balancer, old, delay):
    """A new server takes the place of `old`: itself, and how `old` ended."""
    new = Verdictd(options.verdictd, options.model, "--threads", "1", "--drain-delay", f"{delay}s")
    new.__enter__()
    reader = StalledReader(old)
    time.sleep(SECONDS_BETWEEN)
    balancer.target = new.address  # at once, as endpoints lose a pod when it is told to end
    exit_status, seconds = old.stop(delay + DRAIN_SECONDS + 1)
    reader.close()
    stalled = sum(line.get("streams", 0) for line in old.log())
    old.kill()
    return new, exit_status, seconds, stalled


def replace(options, findings, prepared, delay):
    server = Verdictd(options.verdictd, options.model, "--threads", "1", "--drain-delay", f"{delay}s")
    with contextlib.ExitStack() as stack:
        server.__enter__()
        stack.callback(lambda: server.kill())
        balancer = stack.enter_context(Balancer(server.address))
        clients = {language: stock_clients.StockClient(each, balancer.address, options.rate) for language, each in prepared.items()}
        for client in clients.values():
            stack.callback(client.kill)
        for client in clients.values():
            client.await_ready()
        ends = []
        for _ in range(options.times):
            server, *end = replace_once(options, balancer, server, delay)
            ends.append(end)
        time.sleep(SECONDS_BETWEEN)
        outcomes = {language: client.stop() for language, client in clients.items()}
    statuses, seconds, stalled = zip(*ends)
    name = f"delay_{delay:g}s"
    findings.note(**{f"{name}_outcomes": outcomes, f"{name}_connections": balancer.connections,
                     f"{name}_seconds": [round(each, 2) for each in seconds]})
    findings.equal(f"{name}_exit_statuses", sorted(set(statuses)), [0])
    findings.equal(f"{name}_stalled_streams_ended", sum(stalled), options.times)
    findings.at_most(f"{name}_longest_drain_seconds", round(max(seconds), 2), delay + READER_PATIENCE_SECONDS + MOST_SECONDS_BEYOND)
    findings.at_least(f"{name}_calls", sum(sum(counts.values()) for counts in outcomes.values()), LEAST_CALLS * options.times // 20)
    for language, counts in outcomes.items():
        findings.equal(f"{name}_{language}_failed", sum(counts.values()) - counts.get("OK", 0), 0)


def test(options, findings):
    with tempfile.TemporaryDirectory() as folder:
        prepared, missing = prepare(options, folder)
        findings.note(missing=missing)
        for language, what in missing.items():
            findings.lines.append(f"SKIPPED  {language}: it needs {what}")
        for delay in options.delays:
            replace(options, findings, prepared, delay)


script.run(__doc__, test, add_options, time_limit=600)
