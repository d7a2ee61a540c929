#!/usr/bin/env python3
"""A real Prometheus with our rules scrapes a verdictd under load: every query of the dashboard,
every recording and every alert gives what it should.

Usage: monitoring_test.py VERDICTD VERDICT. Ends with 77 where prometheus or yaml is missing.
Grafana is not in Debian: what it would ask is asked here.
"""
import http.server
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

try:
    import yaml
except ImportError:
    print("skipped: Python has no yaml (package python3-yaml)")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
DEADLINE_SECONDS = 90
LOAD_SECONDS = 60
LABELS = {"cluster": "test", "namespace": "test", "job": "verdict", "pod": "verdict-0"}
VARIABLES = {"$__rate_interval": "15s", **{f"${name}": value for name, value in LABELS.items()}}
# What this server has no reason to export; everything else must be there.
ELSEWHERE = {
    "verdict_tls_certificate_expiry_timestamp_seconds": (
        "only with TLS; tls_credentials_test sees it"
    )
}
# Recordings that are right to have no data here, or have some only after a while.
ABSENT = re.compile(r":verdict_saturated:bool5m$|:increase(?:1h|6h|1d|3d)$")
METRIC = re.compile(r"(?<![:\w])(?:verdict|grpc_server|process)_\w+(?![:\w])")

GLOBAL = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
RULES = ("rules.yml", "alerts.yml")
# What kube-state-metrics and the kubelet's cAdvisor would say of the server's pod; %d is the time.
CLUSTER = """
kube_deployment_spec_replicas{namespace="test",deployment="verdict"} 1
kube_deployment_status_replicas_ready{namespace="test",deployment="verdict"} 1
kube_horizontalpodautoscaler_spec_max_replicas{namespace="test",horizontalpodautoscaler="verdict"} 8
kube_pod_container_resource_limits{OF,resource="memory"} 512
container_memory_working_set_bytes{OF} 100
container_cpu_cfs_periods_total{OF} %d0
container_cpu_cfs_throttled_periods_total{OF} %d
container_pressure_cpu_waiting_seconds_total{OF} %d
container_pressure_memory_waiting_seconds_total{OF} %d
container_pressure_io_waiting_seconds_total{OF} %d
""".lstrip().replace(
    "OF", 'namespace="test",pod="verdict-0",container="verdictd"'
)
# Few texts in flight, so that a few callers are already too many.
LIMITS = ("--threads", "1", "--max-texts-in-flight", "6", "--max-inputs", "2")
LONG = "word " * 700


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def expressions():
    """All queries of the dashboard by panel, and those of the rules by name."""
    dashboard = json.loads((DEPLOY / "grafana" / "dashboards" / "verdict.json").read_text())
    panels = {}
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"]
            for variable, value in VARIABLES.items():
                expression = expression.replace(variable, value)
            panels[f"{panel['title']} {target['refId']}"] = expression
    groups = [
        group
        for name in RULES
        for group in yaml.safe_load((DEPLOY / "prometheus" / name).read_text())["groups"]
    ]
    rules = [rule for group in groups for rule in group["rules"]]
    return (
        panels,
        [rule["record"] for rule in rules if "record" in rule],
        [rule["expr"] for rule in rules],
    )


class Cluster(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(CLUSTER.replace("%d", str(int(time.monotonic()))).encode())


def cluster():
    """The address of an exporter of CLUSTER."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cluster)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"127.0.0.1:{server.server_port}"


class Prometheus:
    def __init__(self, folder, target, intervals=GLOBAL):
        self.address = f"127.0.0.1:{free_port()}"
        labels = {name: LABELS[name] for name in ("cluster", "namespace", "pod")}
        scrapes = [
            {
                "job_name": LABELS["job"],
                "static_configs": [{"targets": [target], "labels": labels}],
            },
            {
                "job_name": "cluster",
                "honor_labels": True,
                "static_configs": [
                    {"targets": [cluster()], "labels": {"cluster": LABELS["cluster"]}}
                ],
            },
        ]
        for name in RULES:  # no group waits for minutes
            text = (DEPLOY / "prometheus" / name).read_text()
            (folder / name).write_text(re.sub(r"(?m)^    interval: .*\n", "", text))
        config = folder / "prometheus.yml"
        config.write_text(
            json.dumps({"global": intervals, "rule_files": RULES, "scrape_configs": scrapes})
        )  # JSON is YAML
        self.log = open(folder / "prometheus.log", "w")
        self.process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={self.address}",
            ],
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def get(self, path, **parameters):
        url = f"http://{self.address}/api/v1/{path}?" + urllib.parse.urlencode(
            parameters, doseq=True
        )
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                return json.load(reply)["data"]
        except urllib.error.HTTPError as refused:
            if refused.code == 503:  # it listens before it is ready
                raise
            raise ValueError(f"{parameters}: {refused.read().decode()}") from refused

    def has_data(self, expression):
        """Whether a series has a number. An error of the query is one of ours."""
        values = [series["value"][1] for series in self.get("query", query=expression)["result"]]
        return any(value != "NaN" for value in values)


def await_data(prometheus, wanted):
    """Those of `wanted`, names and expressions, that have no data in the end."""
    give_up = time.monotonic() + DEADLINE_SECONDS
    missing = dict(wanted)
    while missing and time.monotonic() < give_up:
        try:
            missing = {
                name: expression
                for name, expression in missing.items()
                if not prometheus.has_data(expression)
            }
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass  # it is still starting
        time.sleep(0.5)  # polls a process that has no other way to tell
    return missing


def check(prometheus):
    panels, recorded, rules = expressions()
    metrics = {
        name for expression in [*panels.values(), *rules] for name in METRIC.findall(expression)
    }
    wanted = {
        name: expression
        for name, expression in panels.items()
        if not ELSEWHERE.keys() & set(METRIC.findall(expression))
    }
    wanted |= {name: name for name in recorded if not ABSENT.search(name)}
    wanted |= {name: name for name in sorted(metrics - ELSEWHERE.keys())}
    failures = [
        f"no data: {name}: {expression}"
        for name, expression in await_data(prometheus, wanted).items()
    ]
    for expression in [*panels.values(), *rules]:
        prometheus.get("query", query=expression)  # raises for one that is no query
    for name in LABELS:
        if not prometheus.get(f"label/{name}/values", **{"match[]": "verdict_build_info"}):
            failures.append(f"the variable {name} has no values")
    unhealthy = [
        f"{rule['name']}: {rule['lastError']}"
        for group in prometheus.get("rules")["groups"]
        for rule in group["rules"]
        if rule["health"] == "err"
    ]
    print(
        f"{len(panels)} queries of the dashboard, {len(recorded)} recordings,"
        f" {len(rules) - len(recorded)} alerts, {len(metrics)} metrics"
    )
    return failures + unhealthy


def serving(log):
    """The two addresses that verdictd says it serves at."""
    line = ""
    for line in log:
        if '"message":"serving"' in line:
            record = json.loads(line)
            return record["grpc"], record["http"]
    raise RuntimeError(f"verdictd ended: {line}")


def loads(verdict, server, folder):
    """Texts of all kinds, more of them at a time than the server takes; and deadlines that are too
    short.
    """
    texts = folder / "texts.txt"
    texts.write_text("A warm, funny film.\nNever again.\n" + LONG + "\n")
    common = (
        verdict,
        "load",
        "--server",
        server,
        "--quiet",
        "--file",
        texts,
        "--duration",
        f"{LOAD_SECONDS}s",
    )
    mix = "classify=60,batch=10,stream=10,tokenize=10,info=10"
    return [
        subprocess.Popen([*map(str, (*common, *more))])
        for more in (
            (
                "--rate",
                60,
                "--poisson",
                "--mix",
                mix,
                "--batch-size",
                2,
                "--bad-percent",
                5,
                "--timeout",
                "2s",
            ),
            ("--concurrency", 8, "--timeout", "2s"),
            ("--rate", 20, "--timeout", "3ms"),
        )
    ]


def main():
    verdictd, verdict = sys.argv[1:]
    if shutil.which("prometheus") is None:
        print("skipped: prometheus is not installed (package prometheus)")
        return 77
    processes = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        try:
            server = subprocess.Popen(
                [
                    verdictd,
                    "--model",
                    ROOT / "models" / "demo",
                    "--grpc-address",
                    "127.0.0.1:0",
                    "--http-address",
                    "127.0.0.1:0",
                    "--log-format",
                    "json",
                    *LIMITS,
                ],
                stderr=subprocess.PIPE,
                text=True,
            )
            processes.append(server)
            grpc_address, http_address = serving(server.stderr)
            processes += loads(verdict, grpc_address, folder)
            prometheus = Prometheus(folder, http_address)
            processes.append(prometheus.process)
            failures = check(prometheus)
        finally:
            for process in processes:
                process.kill()
                process.wait()
    print("\n".join(failures) or "all have data")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
