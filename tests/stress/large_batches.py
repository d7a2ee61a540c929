#!/usr/bin/python3
"""Ten callers, each of which sends a ClassifyBatch of 255 texts of 64 KiB again and again for 20 s:
the server lives, and beside them small calls with a deadline of 4 s, one after another, are all
answered OK in time. How the batches ended is noted."""
import grpc

import good_caller
import http2
import script
from attackers import Attacker, Attackers
from verdictd import LOOPBACK, Samples, Verdictd

CALLERS = 10
TEXTS = 255
TEXT_BYTES = 64 << 10
DEADLINE_SECONDS = 4
BATCH_PATIENCE_SECONDS = 60


def large_batch():
    """A ClassifyBatchRequest. Its texts are all different."""
    text = "good bad film story very not cast plot long fun " * (TEXT_BYTES // 40)
    return b"".join(http2.field(1, http2.field(1, f"{number} {text}".encode()[:TEXT_BYTES])) for number in range(TEXTS))


class BatchCaller(Attacker):
    COUNTED = tuple(code.name for code in grpc.StatusCode)

    def __init__(self, port, request):
        super().__init__(niceness=10)  # at 19 they would hardly send beside a busy server
        self.port = port
        self.request = request

    def attack(self):
        channel = grpc.insecure_channel(f"{LOOPBACK}:{self.port}", [("grpc.max_receive_message_length", -1)])
        call = channel.unary_unary(f"{http2.SERVICE}ClassifyBatch")
        while True:
            try:
                call(self.request, timeout=BATCH_PATIENCE_SECONDS)
                self.count("OK")
            except grpc.RpcError as error:
                self.count(error.code().name)


def test(options, findings):
    request = large_batch()
    with Verdictd(options.verdictd, options.model) as server, \
            good_caller.OneConnection(server.grpc_port, grpc_timeout=f"{DEADLINE_SECONDS}S") as good:
        good_caller.repeat(good, 0.5)
        callers = Attackers(*(BatchCaller(server.grpc_port, request) for _ in range(CALLERS)))
        with Samples(server.rss_bytes) as memory, callers:
            beside = good_caller.repeat(good, options.seconds)
        findings.note(batches=callers.counts(), rss_growth_mb=round(memory.growth() / 1e6, 1))
        findings.equal("exit_status", server.process.poll(), None)
    beside.hold(findings, "small_calls", DEADLINE_SECONDS)


def add_options(parser):
    parser.add_argument("--seconds", type=float, default=20)


script.run(__doc__, test, add_options)
