#!/usr/bin/python3
"""A million calls of all kinds, some of them bad, which the client counts, and so does the server:
by method and code the counters on /metrics say exactly what the client saw.

Calls with short deadlines and cancelled ones are left out: client and server each decide by their
own clock which of two things came first, so the two may rightly differ.

Latencies are compared at a moderate rate, with a model of full size: the server's from the buckets
of grpc_server_handling_seconds, as Prometheus would, the client's as it measured them. The client's
hold the way through gRPC as well, and the wait for a core where they share the server's; so they
may differ by 15 %, or lie in neighbouring buckets. Of a Tokenize or a GetModel, a fraction of a
millisecond in the server, that way is the most: they are compared one by one, where nothing is
computed beside them, as the wait for a core is seen by the client alone.
"""
import bisect
import pathlib
import tempfile

import full_size
import load
import script
from verdictd import Verdictd

SERVICE = "verdict.v1.Classifier"
MIX = "classify=40,batch=5,stream=20,tokenize=20,info=15"
# What verdict load counts as a request is also a message of a stream, and a stream is one call.
SHARE_OF_CALLS = 0.79
BATCH_SIZE = 4
COMPUTING = "classify=90,batch=10"
LIGHT = "tokenize=50,info=50"
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
MOST_DIFFERENCE = 0.15
LEAST_CALLS_OF_A_QUANTILE = 100


def add_options(parser):
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--moderate", type=float, default=0.4, help="of the peak, where latencies are compared")
    parser.add_argument("--moderate-seconds", type=int, default=150)
    parser.add_argument("--light-seconds", type=int, default=20)
    full_size.add_threads(parser)


def middleware_name(code):
    """ResourceExhausted for RESOURCE_EXHAUSTED: the server spells codes as dashboards expect
    them."""
    special = {"OK": "OK", "CANCELLED": "Canceled"}
    return special.get(code) or "".join(word.capitalize() for word in code.split("_"))


def counted_by_client(report):
    """Calls by method and code, in the server's spelling."""
    return {f"{method} {middleware_name(code)}": count for method, measured in report.methods.items()
            for code, count in measured.figures["codes"].items()}


def counted_by_server(metrics):
    methods = metrics.by("grpc_method", "grpc_server_handled_total", grpc_service=SERVICE)
    return {f"{method} {code}": int(count) for method in methods
            for code, count in metrics.by("grpc_code", "grpc_server_handled_total", grpc_method=method).items() if count}


def bucket_counts(metrics, method):
    """Of the calls of `method`: how many took no longer than each bound, by bound in seconds."""
    by_bound = metrics.by("le", "grpc_server_handling_seconds_bucket", grpc_method=method)
    return {float(bound): count for bound, count in by_bound.items()}


def quantile(buckets, q):
    """As Prometheus' histogram_quantile: linear within a bucket."""
    bounds, counts = zip(*sorted(buckets.items()))
    rank = q * counts[-1]
    at = next(index for index, count in enumerate(counts) if count >= rank)
    low, below = (bounds[at - 1], counts[at - 1]) if at else (0, 0)
    if bounds[at] == float("inf"):
        return low
    return low + (bounds[at] - low) * (rank - below) / (counts[at] - below)


def latencies_agree(bounds, server_seconds, client_seconds):
    close = abs(client_seconds - server_seconds) <= MOST_DIFFERENCE * server_seconds
    return close or abs(bisect.bisect_left(bounds, server_seconds) - bisect.bisect_left(bounds, client_seconds)) <= 1


def compare_latencies(before, after, report, findings):
    for method, measured in report.methods.items():
        earlier = bucket_counts(before, method)
        buckets = {bound: count - earlier[bound] for bound, count in bucket_counts(after, method).items()}
        findings.at_least(f"{method}_timed", measured.calls("OK"), LEAST_CALLS_OF_A_QUANTILE)
        bounds = sorted(buckets)
        for name, q in QUANTILES.items():
            server, client = quantile(buckets, q), measured.latency_ms(name) / 1e3
            findings.note(**{f"{method}_{name}_seconds": {"server": round(server, 6), "client": round(client, 6)}})
            if not latencies_agree(bounds, server, client):
                findings.fail(f"{name} of {method}: {server:.6f} s by the server, {client:.6f} s by the client")


def test_latencies(options, texts, findings):
    flags = ("--file", texts, "--timeout", "60s", "--batch-size", BATCH_SIZE)
    with Verdictd(options.verdictd, full_size.model(), "--threads", str(options.threads)) as server:
        peak = load.measure(options.verdict, server.address, *flags, "--mix", COMPUTING, "--concurrency", load.PEAK_CONCURRENCY,
                            seconds=10)
        moderate_rate = options.moderate * peak.figures["finished"] / peak.figures["seconds"]
        moderate = ("--mix", COMPUTING, "--rate", moderate_rate)
        one_by_one = ("--mix", LIGHT, "--concurrency", 1)
        for pace, seconds in ((moderate, options.moderate_seconds), (one_by_one, options.light_seconds)):
            before = server.metrics()
            report = load.measure(options.verdict, server.address, *flags, *pace, seconds=seconds)
            compare_latencies(before, server.metrics(), report, findings)


def test_counts(options, texts, findings):
    with Verdictd(options.verdictd, options.model) as server, \
            load.Load(options.verdict, server.address, "--file", texts, "--timeout", "60s", "--batch-size", BATCH_SIZE,
                      "--mix", MIX, "--bad-percent", 5, "--concurrency", load.PEAK_CONCURRENCY,
                      "--requests", round(options.calls / SHARE_OF_CALLS)) as run:
        client, by_server = counted_by_client(run.report(timeout=options.time_limit)), counted_by_server(server.metrics())
    findings.at_least("calls", sum(client.values()), options.calls)
    findings.equal("calls_by_method_and_code", by_server, client)
    findings.at_least("calls_refused_as_bad", sum(count for key, count in client.items() if "InvalidArgument" in key), 1)


def test(options, findings):
    load.require(options.verdict)
    with tempfile.TemporaryDirectory() as folder:
        texts = load.write_texts(pathlib.Path(folder) / "texts.txt")
        test_latencies(options, texts, findings)
        test_counts(options, texts, findings)


script.run(__doc__, test, add_options, time_limit=1800)
