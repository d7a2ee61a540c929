#!/usr/bin/python3
"""A client that never acknowledges settings opens 5,000 complete calls on one connection.

gRPC's limit of concurrent streams binds only clients that acknowledge its settings, so the server's own limit has to
hold: no more texts in flight than --max-texts-in-flight, RESOURCE_EXHAUSTED for the others, every call answered, and
the memory bounded.
"""
import collections

import http2
import script
from verdictd import Samples, Verdictd

MOST_GROWTH_BYTES = 150e6


def add_options(parser):
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--limit", type=int, default=1000, help="--max-texts-in-flight of the server")


def test(options, findings):
    with Verdictd(options.verdictd, options.model, "--max-texts-in-flight", str(options.limit)) as server:
        http2.classify(server.grpc_port)
        with http2.Connection(server.grpc_port, acknowledge=False) as connection:
            with Samples(server.rss_bytes, 0.002) as memory, \
                    Samples(lambda: server.metrics().total("verdict_in_flight_texts")) as in_flight:
                streams = connection.call_all(http2.distinct_texts(options.calls))
                answers = connection.await_answers(streams, timeout=60)
        codes = collections.Counter(str(answer) for answer in answers.values())
        findings.note(codes=codes)
        findings.equal("calls_answered", len(answers), options.calls)
        findings.equal("answers_other_than_ok_and_resource_exhausted",
                       options.calls - codes[f"status {http2.OK}"] - codes[f"status {http2.RESOURCE_EXHAUSTED}"], 0)
        findings.at_most("most_texts_in_flight", in_flight.greatest(), options.limit)
        findings.at_least("calls_refused", codes[f"status {http2.RESOURCE_EXHAUSTED}"], 1)
        findings.at_most("rss_growth_bytes", memory.growth(), MOST_GROWTH_BYTES)
        findings.equal("next_call_status", http2.classify(server.grpc_port)[0], http2.OK)


script.run(__doc__, test, add_options)
