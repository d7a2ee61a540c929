#!/usr/bin/python3
"""A model of 10,000 labels, all of which are asked for, and replies that nobody reads: of 12
ClassifyBatch calls of 255 texts, of 12 of 64, and of 12 streams of 64. RSS grows by at most 250 MB,
and a good caller, who asks for the best label, is answered <= 1 s throughout."""
import collections
import pathlib
import sys
import tempfile

import good_caller
import http2
import script
from verdictd import Samples, Verdictd

sys.path.append(str(script.ROOT / "bench"))
import random_checkpoint  # noqa: E402

LABELS = 10_000
CALLS = 12
MOST_GROWTH_MB = 250
NO_WINDOW = {4: 0}  # SETTINGS_INITIAL_WINDOW_SIZE
TEXTS = list(http2.distinct_texts(255, words=6))


def write_model(folder):
    """A model that is small but for its labels."""
    random_checkpoint.CONFIG.update(dim=32, hidden_dim=64, n_layers=1, n_heads=1, vocab_size=6000,
                                    id2label={str(label): f"LABEL_{label}" for label in range(LABELS)})
    random_checkpoint.main(script.ROOT / "models" / "demo" / "tokenizer.json", folder)
    return str(folder)


def with_top_k(request, top_k):
    """A ClassifyRequest or a ClassifyBatchRequest with Options."""
    return request + http2.field(2, b"\x08" + http2.varint(top_k))


def batch(texts):
    return with_top_k(b"".join(http2.classify_request(text) for text in texts), LABELS)


def stream(texts):
    """The messages of a ClassifyStream."""
    requests = (with_top_k(http2.classify_request(text), LABELS) for text in texts)
    return b"".join(http2.message(b"\x08" + http2.varint(number) + http2.field(2, request))
                    for number, request in enumerate(requests))


def measure(options, findings, model, name, method, messages):
    with Verdictd(options.verdictd, model) as server, good_caller.OneConnection(server.grpc_port) as caller:
        one_label = [("Classify", with_top_k(http2.classify_request("A warm, funny film."), 1))]
        good_caller.repeat(caller, 0.5, one_label)
        with Samples(server.rss_bytes) as memory:
            connections = [http2.Connection(server.grpc_port, settings=NO_WINDOW, window=0) for _ in range(CALLS)]
            for connection in connections:
                connection.send(connection.headers(1, http2.request_headers(method)) + http2.data(1, messages, "END_STREAM"))
            during = good_caller.repeat(caller, options.hold, one_label)
        codes = collections.Counter(str(connection.answers.get(1, http2.Answer())) for connection in connections)
        for connection in connections:
            connection.close()
    findings.note(**{f"{name}_codes": codes})
    findings.at_most(f"{name}_rss_growth_mb", round(memory.growth() / 1e6, 1), MOST_GROWTH_MB)
    during.hold(findings, name)


def test(options, findings):
    with tempfile.TemporaryDirectory() as folder:
        model = write_model(pathlib.Path(folder) / "many-labels")
        measure(options, findings, model, "batches_of_255", "ClassifyBatch", http2.message(batch(TEXTS)))
        measure(options, findings, model, "batches_of_64", "ClassifyBatch", http2.message(batch(TEXTS[:64])))
        measure(options, findings, model, "streams", "ClassifyStream", stream(TEXTS[:64]))


def add_options(parser):
    parser.add_argument("--hold", type=float, default=6, metavar="SECONDS")


script.run(__doc__, test, add_options)
