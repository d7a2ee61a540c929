#!/usr/bin/python3
"""A client that never acknowledges settings opens 5,000 complete calls on one connection.

gRPC's limit of concurrent streams binds only clients that acknowledge its settings, so the server's
own limit has to hold: no more texts in flight than --max-texts-in-flight, RESOURCE_EXHAUSTED for
the others, every call answered, and the memory bounded. Then it opens as many calls, sends no
requests, and hangs up: all of them end at once, and a good call meanwhile is not refused for their
sake.
"""
import collections

import http2
import script
from verdictd import Samples, Verdictd, await_true

MOST_GROWTH_BYTES = 150e6
GOOD_CALLS = 10


def add_options(parser):
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--limit", type=int, default=1000, help="--max-texts-in-flight of the server")


def complete_calls(options, server, findings):
    with http2.Connection(server.grpc_port, acknowledge=False) as connection, \
            Samples(server.rss_bytes, 0.002) as memory, \
            Samples(lambda: server.metrics().total("verdict_in_flight_texts")) as in_flight:
        streams = connection.call_all(http2.distinct_texts(options.calls))
        answers = connection.await_answers(streams, timeout=60)
    codes = collections.Counter(str(answer) for answer in answers.values())
    refused = codes[f"status {http2.RESOURCE_EXHAUSTED}"]
    findings.note(codes=codes)
    findings.equal("calls_answered", len(answers), options.calls)
    findings.equal("calls_neither_ok_nor_refused", options.calls - codes[f"status {http2.OK}"] - refused, 0)
    findings.at_most("most_texts_in_flight", in_flight.greatest(), options.limit)
    findings.at_least("calls_refused", refused, 1)
    findings.at_most("rss_growth_bytes", memory.growth(), MOST_GROWTH_BYTES)
    findings.equal("next_call_status", http2.classify(server.grpc_port)[0], http2.OK)


def half_open_calls(options, server, findings):
    """Headers, and no request ever: a call is refused when too many are slow, else it ends with its
    connection."""
    def handled():
        codes = server.metrics().by("grpc_code", "grpc_server_handled_total", grpc_method="Classify")
        return codes["ResourceExhausted"] + codes["Canceled"]
    before = handled()
    with http2.Connection(server.grpc_port, acknowledge=False) as connection:
        connection.send(b"".join(connection.headers(connection.new_stream(), http2.request_headers())
                                 for _ in range(options.calls)))
        # An answer to a complete call says that the others have reached the server.
        findings.equal("complete_call_status", connection.ask(http2.classify_request("good")).status, http2.OK)
    statuses = [http2.classify(server.grpc_port)[0] for _ in range(GOOD_CALLS)]
    findings.equal("good_calls_while_they_end", statuses, [http2.OK] * GOOD_CALLS)

    def ended():
        return handled() - before
    findings.note(seconds_until_all_ended=await_true(lambda: ended() >= options.calls, timeout=20))
    findings.equal("half_open_calls_ended", ended(), options.calls)


def test(options, findings):
    with Verdictd(options.verdictd, options.model, "--max-texts-in-flight", str(options.limit)) as server:
        http2.classify(server.grpc_port)
        complete_calls(options, server, findings)
        half_open_calls(options, server, findings)


script.run(__doc__, test, add_options)
