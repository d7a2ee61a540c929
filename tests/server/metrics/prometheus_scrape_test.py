#!/usr/bin/env python3
"""A real Prometheus scrapes a served /metrics, and its answers are what was counted.

Usage: prometheus_scrape_test.py METRICS_PAGE_BINARY. Exits with 77 where Prometheus is not
installed.
"""

import json
import math
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

SKIPPED = 77
DEADLINE_SECONDS = 60

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: verdict
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""

HANDLED = (
    'grpc_server_handled_total{grpc_service="verdict.v1.Classifier",'
    'grpc_method="Classify",grpc_code="%s"}'
)
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
EXPECTED = {
    'up{job="verdict"}': 1,
    HANDLED % "OK": 7,
    HANDLED % "Internal": 0,
    'verdict_latency_seconds{stage="total",quantile="0.99"}': 0.020,
    'verdict_latency_seconds{stage="queue",quantile="0.99"}': math.nan,
    'verdict_latency_seconds_count{stage="total"}': 7,
    'grpc_server_handling_seconds_bucket{grpc_method="Classify",le="0.015"}': 0,
    'grpc_server_handling_seconds_bucket{grpc_method="Classify",le="0.02"}': 7,
    "count(process_resident_memory_bytes > 0)": 1,
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def query(prometheus, expression):
    """The value of the only series that `expression` gives; None when there is none (yet)."""
    url = f"{prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            series = json.load(reply)["data"]["result"]
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None
    return float(series[0]["value"][1]) if len(series) == 1 else None


def equal(found, expected):
    if found is None:
        return False
    if math.isnan(expected):
        return math.isnan(found)
    return math.isclose(found, expected, rel_tol=0.01)


def exemplars(prometheus):
    """The trace ids that Prometheus has beside the calls' latencies."""
    now = time.time()
    url = f"{prometheus}/api/v1/query_exemplars?" + urllib.parse.urlencode(
        {
            "query": "grpc_server_handling_seconds_bucket",
            "start": now - 600,
            "end": now + 600,
        }
    )
    with urllib.request.urlopen(url, timeout=5) as reply:
        series = json.load(reply)["data"]
    return {one["labels"]["trace_id"] for found in series for one in found["exemplars"]}


def check(prometheus):
    give_up = time.monotonic() + DEADLINE_SECONDS
    while query(prometheus, 'up{job="verdict"}') != 1:
        if time.monotonic() > give_up:
            return [f"no successful scrape in {DEADLINE_SECONDS} s"]
        time.sleep(0.1)  # polls a process that has no other way to tell
    found = {expression: query(prometheus, expression) for expression in EXPECTED}
    failures = [
        f"{expression}: expected {expected}, found {found[expression]}"
        for expression, expected in EXPECTED.items()
        if not equal(found[expression], expected)
    ]
    if (traces := exemplars(prometheus)) != {TRACE_ID}:
        failures.append(f"exemplars: expected {TRACE_ID}, found {traces}")
    return failures


def main():
    if shutil.which("prometheus") is None:
        print("skipped: prometheus is not installed (package prometheus)")
        return SKIPPED
    page = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/prometheus.yml", "w") as config:
            config.write(CONFIG.format(port=int(page.stdout.readline())))
        with open(f"{folder}/log", "w+") as log:
            server = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={folder}/prometheus.yml",
                    "--enable-feature=exemplar-storage",
                    f"--storage.tsdb.path={folder}/data",
                    f"--web.listen-address=127.0.0.1:{port}",
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            try:
                failures = check(f"http://127.0.0.1:{port}")
            finally:
                server.kill()
                server.wait()
                page.stdin.close()
                page.wait()
            if failures:
                log.seek(0)
                print("\n".join(failures), log.read(), sep="\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
