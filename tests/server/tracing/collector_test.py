#!/usr/bin/python3
"""What a collector of traces gets of a real verdictd: the tree of spans of a unary call, a batch and
a stream, each of which goes on with its client's trace; and what calls notice of a collector that
never answers: nothing.

Usage: collector_test.py VERDICTD MODEL_DIRECTORY
"""
import collections
import contextlib
import http.client
import http.server
import json
import pathlib
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "stress"))

try:
    import grpc
except ImportError:
    print("skipped: python3-grpcio is not installed")
    sys.exit(77)

from verdictd import LOOPBACK, Verdictd, await_true  # noqa: E402

SERVICE = "/verdict.v1.Classifier/"
PATIENCE_SECONDS = 60
STAGES = ["inference", "queue", "tokenize"]
# Parents and children may be sent in different posts, for each of which the clocks are read anew.
CLOCK_NANOSECONDS = 50_000_000
TEXTS = ("A warm, funny film.", "Never again.", "What a lovely surprise!")
SILENT_CALLS = 700  # 5 spans each: more than the queue and a post hold
MOST_CALL_SECONDS = 2.5  # half of what the server waits for a collector


class Collector:
    """Takes spans, or with `silent` reads them and never answers."""

    def __init__(self, silent=False):
        self.spans = []
        self.resources = []
        self.posted = threading.Event()
        self.over = threading.Event()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                assert self.path == "/v1/traces", self.path
                assert self.headers["Content-Type"] == "application/json"
                collector.take(body)
                if silent:
                    collector.over.wait()
                    return
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.server.daemon_threads = True

    def take(self, body):
        for of_resource in body["resourceSpans"]:
            self.resources.append(values(of_resource["resource"]))
            for of_scope in of_resource["scopeSpans"]:
                self.spans += of_scope["spans"]
        self.posted.set()

    @property
    def endpoint(self):
        return f"http://{LOOPBACK}:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


def values(holder):
    """The attributes of a span or a resource."""
    return {
        attribute["key"]: next(iter(attribute["value"].values()))
        for attribute in holder.get("attributes", [])
    }


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def one_text(text):
    """A ClassifyRequest; also an `inputs` of a ClassifyBatchRequest."""
    return field(1, field(1, text.encode()))


def message(number, text):
    """A ClassifyStreamRequest."""
    return b"\x08" + varint(number) + field(2, one_text(text))


def traceparent(number):
    """A client's: its trace and its span have the number."""
    return f"00-{number:032x}-{number:016x}-01"


def answered(call):
    return dict(call.trailing_metadata()).get("traceparent", "")


class Trees:
    """Spans by their parents."""

    def __init__(self, spans):
        self.spans = {(span["traceId"], span["spanId"]): span for span in spans}
        self.children = collections.defaultdict(list)
        for span in spans:
            self.children[span["traceId"], span.get("parentSpanId")].append(span)

    def of(self, span, name=None):
        found = self.children[span["traceId"], span["spanId"]]
        return [child for child in found if name in (None, child["name"])]

    def outside(self):
        """Spans that begin before their parents, or end after them."""
        for span in self.spans.values():
            parent = self.spans.get((span["traceId"], span.get("parentSpanId")))
            if parent is None:
                continue
            early = int(parent["startTimeUnixNano"]) - int(span["startTimeUnixNano"])
            late = int(span["endTimeUnixNano"]) - int(parent["endTimeUnixNano"])
            if max(early, late) > CLOCK_NANOSECONDS or (
                int(span["endTimeUnixNano"]) < int(span["startTimeUnixNano"])
            ):
                yield f"{span['name']} is outside of {parent['name']}: {early} {late} ns"


def call_all(server):
    """A unary call, a batch, a stream, and one over HTTP; what each was answered with."""
    channel = grpc.insecure_channel(server.address)
    metadata = [(("traceparent", traceparent(n)), ("tracestate", "vendor=x")) for n in range(5)]
    unary = channel.unary_unary(SERVICE + "Classify")
    _, first = unary.with_call(one_text(TEXTS[0]), metadata=metadata[1])
    batch = channel.unary_unary(SERVICE + "ClassifyBatch")
    _, second = batch.with_call(b"".join(map(one_text, TEXTS)), metadata=metadata[2])
    stream = channel.stream_stream(SERVICE + "ClassifyStream")
    third = stream(
        iter([message(i + 7, text) for i, text in enumerate(TEXTS)]), metadata=metadata[3]
    )
    assert len(list(third)) == len(TEXTS)
    with contextlib.closing(
        http.client.HTTPConnection(LOOPBACK, server.http_port, timeout=PATIENCE_SECONDS)
    ) as connection:
        connection.request(
            "POST",
            "/v1/classify",
            json.dumps({"input": {"text": TEXTS[0]}}),
            {"Content-Type": "application/json", "traceparent": traceparent(4)},
        )
        reply = connection.getresponse()
        assert reply.status == 200, reply.read()
        by_http = reply.getheader("traceparent", "")
    return [answered(first), answered(second), answered(third), by_http]


def check_stages(trees, parent, wrong):
    names = sorted(span["name"] for span in trees.of(parent))
    if names != STAGES:
        wrong.append(f"{parent['name']} has {names}")
    for inference in trees.of(parent, "inference"):
        links = inference.get("links", [])
        batches = [trees.spans.get((link["traceId"], link["spanId"])) for link in links]
        if len(batches) != 1 or batches[0] is None or batches[0]["name"] != "batch":
            wrong.append(f"an inference is linked to {links}")
            continue
        back = [(link["traceId"], link["spanId"]) for link in batches[0]["links"]]
        if (inference["traceId"], inference["spanId"]) not in back:
            wrong.append("a batch is not linked to its inference")


def check_call(trees, number, answer, wrong):
    """The call that the client's span of this number made; its texts are checked as well."""
    made = trees.children[f"{number:032x}", f"{number:016x}"]
    if len(made) != 1:
        wrong.append(f"the client's span {number} has {len(made)} calls")
        return
    call = made[0]
    attributes = values(call)
    method = attributes["rpc.method"]
    several = method != "Classify"
    expected = {
        "rpc.system": "grpc",
        "rpc.service": "verdict.v1.Classifier",
        "rpc.grpc.status_code": "0",
        "client.address": LOOPBACK,
        "verdict.texts": str(len(TEXTS) if several else 1),
    }
    wrong += [
        f"{method}: {name} is {attributes.get(name)}, not {value}"
        for name, value in expected.items()
        if attributes.get(name) != value
    ]
    if call["kind"] != 2 or call["name"] != f"verdict.v1.Classifier/{method}":
        wrong.append(f"{method}: kind {call['kind']}, name {call['name']}")
    if number != 4 and call.get("traceState") != "vendor=x":
        wrong.append(f"{method}: the tracestate is {call.get('traceState')}")
    if answer != f"00-{number:032x}-{call['spanId']}-01":
        wrong.append(f"{method} is answered with {answer}, and its span is {call['spanId']}")
    if not several:
        check_stages(trees, call, wrong)
        return
    texts = trees.of(call)
    if [text["name"] for text in texts] != ["text"] * len(TEXTS):
        wrong.append(f"{method} has {[text['name'] for text in texts]}")
    for text in texts:
        check_stages(trees, text, wrong)
    key, first = ("verdict.id", 7) if method == "ClassifyStream" else ("verdict.index", 0)
    numbers = sorted(int(values(text)[key]) for text in texts)
    if numbers != list(range(first, first + len(TEXTS))):
        wrong.append(f"{method}: the texts have the numbers {numbers}")


def check_trees(verdictd, model):
    wrong = []
    with Collector() as collector, Verdictd(
        verdictd, model, "--trace-endpoint", collector.endpoint
    ) as server:
        answers = call_all(server)
        calls = lambda: sum(span["kind"] == 2 for span in list(collector.spans))  # noqa: E731
        if await_true(lambda: calls() == len(answers), PATIENCE_SECONDS) is None:
            wrong.append(f"{calls()} of {len(answers)} calls came to the collector")
        # What is sent last is exported at the end of the process, if not before.
        server.stop(PATIENCE_SECONDS)
        resource = collector.resources[0]
        for name in ("service.version", "service.instance.id", "verdict.model.revision"):
            if not resource.get(name):
                wrong.append(f"the resource has no {name}: {resource}")
        if resource.get("service.name") != "verdictd":
            wrong.append(f"the service is {resource.get('service.name')}")
        trees = Trees(collector.spans)
        wrong += trees.outside()
        for number, answer in enumerate(answers, 1):
            check_call(trees, number, answer, wrong)
        text = json.dumps(collector.spans)
        wrong += [f"a span has a text: {t}" for t in TEXTS if t in text]
    return wrong


def check_silence(verdictd, model):
    """Calls while the collector never answers."""
    wrong = []
    with Collector(silent=True) as collector, Verdictd(
        verdictd, model, "--trace-endpoint", collector.endpoint
    ) as server:
        call = grpc.insecure_channel(server.address).unary_unary(SERVICE + "Classify")
        call(one_text(TEXTS[0]))
        if not collector.posted.wait(PATIENCE_SECONDS):
            return ["the collector got no post"]
        slowest = 0
        for _ in range(SILENT_CALLS):
            start = time.monotonic()
            call(one_text(TEXTS[0]), timeout=PATIENCE_SECONDS)
            slowest = max(slowest, time.monotonic() - start)
        print(f"slowest of {SILENT_CALLS} calls: {slowest * 1e3:.1f} ms")
        if slowest > MOST_CALL_SECONDS:
            wrong.append(f"a call took {slowest} s")
        spans = server.metrics().by("outcome", "verdict_trace_spans_total")
        print(f"spans: {spans}")
        if not spans["dropped"] or spans["exported"]:
            wrong.append(f"spans: {spans}")
        status, seconds = server.stop(PATIENCE_SECONDS)
        if status != 0:
            wrong.append(f"the server ended with {status} after {seconds} s")
    return wrong


def main():
    verdictd, model = sys.argv[1:]
    wrong = check_trees(verdictd, model) + check_silence(verdictd, model)
    print(*wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
