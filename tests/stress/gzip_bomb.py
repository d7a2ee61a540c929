#!/usr/bin/python3
"""A megabyte that inflates to a gigabyte, sent 20 times in parallel: as gzip and as deflate.

gRPC inflates a message before it looks at its size. So the server takes no compressed requests:
UNIMPLEMENTED at once, and no memory for it.
"""
import collections
import zlib
from concurrent.futures import ThreadPoolExecutor

import http2
import script
from verdictd import Samples, Verdictd

INFLATED_BYTES = 1 << 30
MOST_GROWTH_BYTES = 16e6
WINDOW_BITS = {"gzip": 31, "deflate": 15}


def add_options(parser):
    parser.add_argument("--parallel", type=int, default=20)


def bomb(encoding):
    compressor = zlib.compressobj(9, wbits=WINDOW_BITS[encoding])
    zeros = bytes(1 << 20)
    parts = [compressor.compress(zeros) for _ in range(INFLATED_BYTES // len(zeros))]
    return b"".join(parts) + compressor.flush()


def throw(port, encoding, payload):
    """How one bomb is answered, on a connection of its own."""
    with http2.Connection(port) as connection:
        connection.send(connection.headers(1, http2.request_headers(grpc_encoding=encoding)))
        connection.send_body(1, payload, timeout=20)
        return str(connection.await_answers([1], timeout=20).get(1))


def test(options, findings):
    with Verdictd(options.verdictd, options.model) as server:
        for _ in range(options.parallel):  # what a connection costs is not the bomb's
            http2.classify(server.grpc_port)
        for encoding in WINDOW_BITS:
            payload = http2.message(bomb(encoding), flag=1)
            with Samples(server.rss_bytes, 0.002) as memory, ThreadPoolExecutor(options.parallel) as pool:
                answers = pool.map(throw, *zip(*[(server.grpc_port, encoding, payload)] * options.parallel))
                codes = collections.Counter(answers)
            findings.equal(f"{encoding}_answers", dict(codes), {f"status {http2.UNIMPLEMENTED}": options.parallel})
            findings.at_most(f"{encoding}_rss_growth_bytes", memory.growth(), MOST_GROWTH_BYTES)
        findings.equal("next_call_status", http2.classify(server.grpc_port)[0], http2.OK)


script.run(__doc__, test, add_options)
