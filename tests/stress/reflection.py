#!/usr/bin/python3
"""1,900 streams of reflection, over both of its names, held open: the server's threads and memory
stay, a good caller of each name is answered <= 1 s throughout; with a token file, nobody without a
token is told anything."""
import pathlib
import tempfile
import threading
import time

import grpc

import http2
import script
from verdictd import Samples, Verdictd

NAMES = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")
LIST_SERVICES = b"\x3a\x00"
CONTRACT = b"\x1a\x1bverdict/v1/classifier.proto"  # file_by_filename
SYMBOL = b"\x22\x15verdict.v1.Classifier"  # file_containing_symbol
UNKNOWN = b"\x22\x07nothing"
EXTENSION = b"\x2a\x14\x0a\x10verdict.v1.Input\x10\x64"
CONNECTIONS = 4


def channel_to(server):
    return grpc.insecure_channel(server.address, [("grpc.use_local_subchannel_pool", 1)])


def ask(channel, name, requests, metadata=None):
    call = channel.stream_stream(f"/{name}/ServerReflectionInfo")
    return list(call(iter(requests), timeout=10, metadata=metadata))


class Held:
    """Streams that ask once, read the answer, and stay."""

    def __init__(self, server, count):
        self.channels = [channel_to(server) for _ in range(CONNECTIONS)]
        self.over = threading.Event()
        self.calls = []
        for i in range(count):
            stub = self.channels[i % CONNECTIONS].stream_stream(f"/{NAMES[i % 2]}/ServerReflectionInfo")
            self.calls.append(stub(self._one_request()))

    def _one_request(self):
        yield LIST_SERVICES
        self.over.wait(60)

    def close(self):
        self.over.set()
        for call in self.calls:
            call.cancel()
        for channel in self.channels:
            channel.close()


def test(options, findings):
    with Verdictd(options.verdictd, options.model) as server:
        channel = channel_to(server)
        for name in NAMES:
            replies = ask(channel, name, [LIST_SERVICES, CONTRACT, SYMBOL, UNKNOWN, EXTENSION])
            found = [b"verdict.v1.Classifier" in replies[0], b"ClassifyStreamRequest" in replies[1], replies[1][-99:] == replies[2][-99:],
                     b"no symbol nothing" in replies[3], b"no extension 100 of verdict.v1.Input" in replies[4]]
            findings.equal(f"answers_of_{name.split('.')[2]}", found, [True] * 5)
        threads, rss = len(server.threads()), server.rss_bytes()
        slowest = []
        with Samples(lambda: len(server.threads()), 0.05) as count, Samples(server.rss_bytes, 0.05) as memory:
            held = Held(server, options.streams)
            end = time.monotonic() + options.hold
            while time.monotonic() < end:
                start = time.monotonic()
                ask(channel, NAMES[0], [LIST_SERVICES])
                http2.classify(server.grpc_port)
                slowest.append(time.monotonic() - start)
            held.close()
        findings.note(streams=options.streams, threads_before=threads, rss_mb_before=round(rss / 1e6, 1))
        findings.at_most("more_threads", max(count.values) - threads, 16)
        findings.at_most("more_rss_mb", round((max(memory.values) - rss) / 1e6, 1), 40)
        findings.at_most("slowest_good_call_seconds", round(max(slowest), 3), 1)
    with tempfile.TemporaryDirectory() as folder:
        tokens = pathlib.Path(folder) / "tokens"
        tokens.write_text("let-me-in-please\n")
        with Verdictd(options.verdictd, options.model, "--auth-token-file", str(tokens)) as server:
            channel = channel_to(server)
            codes = []
            for metadata in (None, [("authorization", "Bearer wrong")], [("authorization", "Bearer let-me-in-please")]):
                try:
                    codes.append(len(ask(channel, NAMES[0], [LIST_SERVICES], metadata)))
                except grpc.RpcError as error:
                    codes.append(error.code().name)
            findings.equal("without_wrong_and_right_token", codes, ["UNAUTHENTICATED", "UNAUTHENTICATED", 1])


def add_options(parser):
    parser.add_argument("--streams", type=int, default=1900)
    parser.add_argument("--hold", type=float, default=3, metavar="SECONDS")


script.run(__doc__, test, add_options)
