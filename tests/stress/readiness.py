#!/usr/bin/python3
"""Readiness polled every millisecond from the start of the process, several times over.

A server that says SERVING (grpc.health.v1, both names) or 200 (/readyz) can classify: a call sent
at that moment succeeds. Before the model is loaded and warm nothing listens at all.
"""
import calendar
import http.client
import time
from concurrent.futures import ThreadPoolExecutor

import http2
import script
from verdictd import LOOPBACK, Verdictd, free_port

POLL_SECONDS = 0.001
PATIENCE_SECONDS = 60
HEALTH = "/grpc.health.v1.Health/Check"
SERVING = http2.message(b"\x08\x01")


def add_options(parser):
    parser.add_argument("--starts", type=int, default=20)


def healthy(port, name):
    with http2.Connection(port) as connection:
        return connection.ask(http2.field(1, name) if name else b"", HEALTH).body == SERVING


def ready(port):
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    finally:
        connection.close()


def first_promise(promise, grpc_port):
    """Polls until `promise` is given: the status of a Classify sent at that moment, and when
    anything listened."""
    listened_at = None
    give_up = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up:
        next_poll = time.monotonic() + POLL_SECONDS
        try:
            given = promise()
            listened_at = listened_at or time.time()
            if given:
                return http2.classify(grpc_port)[0], listened_at
        except OSError:
            pass  # nothing listens
        time.sleep(max(0, next_poll - time.monotonic()))
    return None, listened_at


def loaded_at(server):
    """When the log says that the model was loaded, to the millisecond."""
    line = next(line for line in server.log() if line["message"] == "model loaded")
    seconds, _, fraction = line["time"].rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) + float("0." + fraction)


def start_once(options):
    """The statuses at the first promises, and by how many seconds a port was open before the model
    was loaded."""
    server = Verdictd(options.verdictd, options.model, grpc_port=free_port(), http_port=free_port())
    promises = [lambda: healthy(server.grpc_port, b""), lambda: healthy(server.grpc_port, b"verdict.v1.Classifier"),
                lambda: ready(server.http_port)]
    try:
        with ThreadPoolExecutor(len(promises)) as pool:
            found = [pool.submit(first_promise, promise, server.grpc_port) for promise in promises]
            server.start()
            statuses, listened_at = zip(*[future.result() for future in found])
        return statuses, loaded_at(server) - min(listened_at)
    finally:
        server.kill()


def test(options, findings):
    statuses, early = zip(*[start_once(options) for _ in range(options.starts)])
    promises = [status for start in statuses for status in start]
    findings.equal("promises", len(promises), 3 * options.starts)
    findings.equal("calls_that_failed_at_a_promise", sum(status != http2.OK for status in promises), 0)
    findings.at_most("seconds_that_a_port_was_open_before_the_model_was_loaded", round(max(early), 4), 0.001)


script.run(__doc__, test, add_options)
