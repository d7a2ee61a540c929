"""A verdictd process of our own, and what can be seen of it from outside: its log, /proc and
/metrics."""
import collections
import contextlib
import json
import os
import re
import resource
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

import process

LOOPBACK = "127.0.0.1"
_SERIES = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Metrics:
    """One scrape of /metrics."""

    def __init__(self, text):
        self.series = []
        for line in text.splitlines():
            if match := _SERIES.match(line):
                self.series.append((match[1], dict(_LABEL.findall(match[2] or "")), float(match[3])))

    def by(self, label, name, **labels):
        """The values of `name`'s series that have `labels`, added up by what they say of
        `label`."""
        sums = collections.Counter()
        for series, found, value in self.series:
            if series == name and labels.items() <= found.items():
                sums[found.get(label)] += value
        return dict(sums)

    def total(self, name, **labels):
        """Their sum; refuses a name that is not there, which must not pass for a zero."""
        values = self.by(None, name, **labels)
        if not values:
            raise KeyError(f"/metrics has no {name}{labels or ''}")
        return sum(values.values())


class Verdictd:
    """Serves `model` on free ports of the loopback interface, from entering the context until it is
    left.

    `options` are further ones of the command line. `files` is the process's limit of file
    descriptors. `environment` is added to ours. The first start takes the ports that are named,
    else free ones; later ones take the same.
    """

    def __init__(self, program, model, *options, grpc_port=0, http_port=0, files=None, environment=None):
        self.command = [program, "--model", model, "--log-format", "json", *options]
        self.files = files
        self.environment = {**os.environ, **(environment or {})}
        self.process = None
        self.log_file = None
        self.grpc_port = grpc_port
        self.http_port = http_port

    def __enter__(self):
        self.start()
        try:
            self.await_serving()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        """Starts the process and does not wait for it."""
        limits = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (self.files, self.files))) if self.files else None
        if self.log_file is not None:
            self.log_file.close()
        self.log_file = self.open_log()
        addresses = ["--grpc-address", f"{LOOPBACK}:{self.grpc_port}", "--http-address", f"{LOOPBACK}:{self.http_port}"]
        self.process = subprocess.Popen(self.command + addresses, stdin=subprocess.DEVNULL, stdout=self.log_file,
                                        stderr=self.log_file, env=self.environment, preexec_fn=limits)

    def open_log(self):
        """What the process writes its log to."""
        return tempfile.TemporaryFile(mode="w+")

    def await_serving(self, timeout=60):
        """Waits until the log says that it serves, and where."""
        give_up = time.monotonic() + timeout
        while not (serving := [line for line in self.log() if line.get("message") == "serving"]):
            if self.process.poll() is not None:
                raise RuntimeError(f"verdictd ended with {self.process.returncode}: {self.log_text()[-2000:]}")
            if time.monotonic() > give_up:
                raise TimeoutError(f"verdictd does not serve after {timeout} s")
            time.sleep(0.01)
        self.grpc_port = int(serving[-1]["grpc"].rpartition(":")[2])
        self.http_port = int(serving[-1]["http"].rpartition(":")[2])

    @property
    def pid(self):
        return self.process.pid

    @property
    def address(self):
        return f"{LOOPBACK}:{self.grpc_port}"

    def alive(self):
        return self.process.poll() is None

    def stop(self, timeout, how=signal.SIGTERM):
        """Signals, and gives the exit status and the seconds that the end took; TimeoutExpired if
        it does not come."""
        start = time.monotonic()
        self.process.send_signal(how)
        return self.process.wait(timeout), time.monotonic() - start

    def stop_or_give_up(self, timeout=15):
        """The same by SIGTERM, and None for a status that does not come."""
        try:
            return self.stop(timeout)
        except subprocess.TimeoutExpired:
            return None, timeout

    def kill(self):
        """Whatever state it is in; for the end of a test."""
        if self.process is not None and self.alive():
            self.process.kill()
            self.process.wait()

    def log_text(self):
        return os.pread(self.log_file.fileno(), 1 << 26, 0).decode(errors="replace")

    def log(self):
        """The lines of the log that are JSON; a sanitizer's reports, for one, are not."""
        lines = []
        for line in self.log_text().splitlines():
            with contextlib.suppress(ValueError):
                lines.append(json.loads(line))
        return lines

    def metrics(self):
        with urllib.request.urlopen(f"http://{LOOPBACK}:{self.http_port}/metrics", timeout=10) as page:
            return Metrics(page.read().decode())

    def rss_bytes(self):
        return process.rss_bytes(self.pid)

    def descriptors(self):
        try:
            return process.descriptors(self.pid)
        except PermissionError:  # verdictd hides from its own user; it tells the number itself
            return int(self.metrics().total("process_open_fds"))

    def threads(self):
        return process.threads(self.pid)

    def cpu_seconds(self):
        return process.cpu_seconds(self.pid)


class Samples:
    """Calls `measure` every `interval` seconds on a thread of its own, from entering the context
    until it is left."""

    def __init__(self, measure, interval=0.01):
        self.measure = measure
        self.interval = interval
        self.values = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._take()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _take(self):
        with contextlib.suppress(OSError):  # a busy or an ended server has no answer
            self.values.append(self.measure())

    def _run(self):
        while not self._over.wait(self.interval):
            self._take()

    def greatest(self):
        return max(self.values)

    def growth(self):
        """How far the greatest lies above the first."""
        return max(self.values) - self.values[0]


def free_port():
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def await_true(condition, timeout, interval=0.002):
    """The seconds until `condition()`; None if it did not come true in `timeout` seconds."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > timeout:
            return None
        time.sleep(interval)
    return time.monotonic() - start
