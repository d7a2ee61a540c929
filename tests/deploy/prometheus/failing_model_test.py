#!/usr/bin/env python3
"""A model that fails on some texts wakes somebody up within five minutes: a real verdictd, a real
Prometheus with the intervals of deploy/prometheus/prometheus.yml, our rules.

Usage: failing_model_test.py VERDICTD VERDICT. Ends with 77 where prometheus or yaml is missing.
"""
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error

from monitoring_test import DEPLOY, ROOT, Prometheus, serving, yaml

MINUTES = 5
FACTOR = 3.4e38 / 1.2  # the largest float32, for logits of 1.2
UNDECIDED = ["It is a book.", "ok", "the", "A table and four chairs."]
DECIDED = "wonderful, moving, brilliant, superb"


def spoil(path):
    """Multiplies the classifier so far that the logits of a decided text overflow, and those of
    the warm-up do not. All weights are finite.
    """
    stored = path.read_bytes()
    (size,) = struct.unpack("<Q", stored[:8])
    tensors, data = json.loads(stored[8 : 8 + size]), stored[8 + size :]
    for name in ("classifier.weight", "classifier.bias"):
        begin, end = tensors[name]["data_offsets"]
        values = struct.unpack(f"<{(end - begin) // 2}e", data[begin:end])  # it is F16
        scaled = struct.pack(f"<{len(values)}f", *(value * FACTOR for value in values))
        tensors[name] |= {"dtype": "F32", "data_offsets": [begin, begin + len(scaled)]}
        data = data[:begin] + scaled + data[end:]
        for other in tensors.values():
            offsets = other.get("data_offsets", [0, 0])
            if offsets[0] >= end and other is not tensors[name]:
                other["data_offsets"] = [at + len(scaled) - (end - begin) for at in offsets]
    header = json.dumps(tensors).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)


def await_alert(prometheus, wanted, seconds):
    """The labels of the first alert that fires and has those wanted, and after how long."""
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        try:
            for alert in prometheus.get("alerts")["alerts"]:
                if alert["state"] == "firing" and wanted.items() <= alert["labels"].items():
                    return alert["labels"], time.monotonic() - began
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass  # it is still starting
        time.sleep(1)  # polls a process that has no other way to tell
    return None, seconds


def main():
    verdictd, verdict = sys.argv[1:]
    if shutil.which("prometheus") is None:
        print("skipped: prometheus is not installed (package prometheus)")
        return 77
    intervals = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["global"]
    processes = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        model = folder / "model"
        shutil.copytree(ROOT / "models" / "demo", model)
        spoil(model / "model.safetensors")
        texts = folder / "texts.txt"
        texts.write_text("\n".join([*UNDECIDED * 5, DECIDED]) + "\n")
        try:
            server = subprocess.Popen(
                [
                    verdictd,
                    f"--model={model}",
                    "--model-name=spoilt",
                    "--grpc-address=127.0.0.1:0",
                    "--http-address=127.0.0.1:0",
                    "--threads=1",
                    "--log-format=json",
                ],
                stderr=subprocess.PIPE,
                text=True,
            )
            processes.append(server)
            grpc_address, http_address = serving(server.stderr)
            # Nobody reads what else it logs.
            processes.append(
                subprocess.Popen(["cat"], stdin=server.stderr, stdout=subprocess.DEVNULL)
            )
            prometheus = Prometheus(folder, http_address, intervals)
            processes.append(prometheus.process)
            # Streams, which end with OK whatever becomes of their texts.
            load = [verdict, "load", f"--server={grpc_address}", "--quiet", f"--file={texts}"]
            load += ["--rate=20", "--mix=stream=100", f"--duration={MINUTES}m"]
            processes.append(subprocess.Popen(load, stdout=subprocess.DEVNULL))
            wanted = {
                "alertname": "VerdictTextsFail",
                "severity": "critical",
                "model": "spoilt",
                "cluster": "test",
            }
            labels, seconds = await_alert(prometheus, wanted, MINUTES * 60)
        finally:
            for process in processes:
                process.kill()
                process.wait()
    print(f"{labels} after {seconds:.0f} s")
    return 0 if labels else 1


if __name__ == "__main__":
    sys.exit(main())
