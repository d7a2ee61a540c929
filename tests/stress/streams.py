#!/usr/bin/python3
"""A hundred streams of a thousand texts each, and single calls beside them.

Together the streams want far more than the server's limits. They are left unread, not refused:
every text is answered with a label. The single calls are all answered too; their p99 is noted
beside what it is without the streams, and beside what it is when the same work comes as single
calls of a closed loop. Each stream is written as fast as it takes texts.
"""
import concurrent.futures
import itertools
import threading
import time

import grpc

import http2
import load
import script
from verdictd import Verdictd

STREAMS = 100
TEXTS = 1000
CALLS_A_SECOND = 50
ALONE_SECONDS = 5
PATIENCE_SECONDS = 300
STREAM_METHOD = "/verdict.v1.Classifier/ClassifyStream"
RESULT_FIELD = 2 << 3 | 2  # of a ClassifyStreamResponse; its id is before it


def add_options(parser):
    parser.add_argument("--streams", type=int, default=STREAMS)
    parser.add_argument("--texts", type=int, default=TEXTS, help="of each stream")


def message(number, text):
    """A ClassifyStreamRequest."""
    return b"\x08" + http2.varint(number) + http2.field(2, http2.classify_request(text))


def has_result(reply):
    """Whether a ClassifyStreamResponse is a label and not an error."""
    at = 1 if reply[:1] == b"\x08" else 0  # an id of 0 is left out
    while at and reply[at] & 0x80:
        at += 1
    return reply[at + 1 if at else 0] == RESULT_FIELD


def run_stream(channel, stream, texts):
    """How many texts were answered with a label, how many with an error, and how the stream ended.
    """
    call = channel.stream_stream(STREAM_METHOD)
    requests = (
        message(number, f"a {number} th text of stream {stream} , good or bad")
        for number in range(1, texts + 1)
    )
    labels = errors = 0
    try:
        for reply in call(requests, timeout=PATIENCE_SECONDS):
            if has_result(reply):
                labels += 1
            else:
                errors += 1
        return labels, errors, "OK"
    except grpc.RpcError as error:
        return labels, errors, error.code().name


def run_streams(address, streams, texts):
    """What run_stream gives, of all."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    channels = [grpc.insecure_channel(address, options) for _ in range(4)]
    with concurrent.futures.ThreadPoolExecutor(streams) as pool:
        outcomes = list(
            pool.map(run_stream, itertools.cycle(channels), range(streams), itertools.repeat(texts))
        )
    for channel in channels:
        channel.close()
    return outcomes


def calls_beside(options, server, work):
    """The report on single calls that come while `work` is done, and the seconds that it took."""
    over = threading.Event()
    reports = []

    def call():
        while not over.is_set():
            reports.append(
                load.measure(
                    options.verdict,
                    server.address,
                    "--rate",
                    CALLS_A_SECOND,
                    "--timeout",
                    "10s",
                    seconds=2,
                )
            )

    caller = threading.Thread(target=call)
    caller.start()
    start = time.monotonic()
    work()
    seconds = time.monotonic() - start
    over.set()
    caller.join()
    return reports, seconds


def p99(reports):
    """The median of the reports'."""
    values = sorted(report.latency_ms("p99") for report in reports)
    return values[len(values) // 2]


def test(options, findings):
    load.require(options.verdict)
    with Verdictd(options.verdictd, options.model) as server:
        alone, _ = calls_beside(options, server, lambda: time.sleep(ALONE_SECONDS))
        busy, _ = calls_beside(
            options,
            server,
            lambda: load.peak(options.verdict, server.address, seconds=ALONE_SECONDS),
        )
        outcomes = []
        beside, seconds = calls_beside(
            options,
            server,
            lambda: outcomes.extend(run_streams(server.address, options.streams, options.texts)),
        )
        shed = server.metrics().by("reason", "verdict_shed_total")
    findings.note(
        seconds=round(seconds, 1),
        texts_a_second=round(options.streams * options.texts / seconds),
        p99_alone_ms=p99(alone),
        p99_beside_a_closed_loop_ms=p99(busy),
        p99_beside_streams_ms=p99(beside),
        shed=shed,
    )
    findings.equal(
        "answered", sum(labels for labels, _, _ in outcomes), options.streams * options.texts
    )
    findings.equal("refused", sum(errors for _, errors, _ in outcomes), 0)
    findings.equal("ends", sorted({end for _, _, end in outcomes}), ["OK"])
    findings.equal("calls_failed_beside", sum(report.failed() for report in beside), 0)
    findings.at_most(
        "p99_beside_streams_by_a_closed_loop", round(p99(beside) / max(p99(busy), 1), 2), 2
    )


script.run(__doc__, test, add_options, time_limit=600)
