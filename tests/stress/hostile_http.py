#!/usr/bin/python3
"""Hostile senders on the HTTP port: 1,000 idle connections, slow headers, slow bodies, slow
readers, endless headers and chunk extensions, a flood of connections. Beside each, /healthz answers
within 100 ms (p99) and a good call within 1 s, on few threads and in bounded memory. A body of 360
KB at 30 KB/s is taken; one of a byte a second is not."""
import contextlib
import http.client
import itertools
import multiprocessing
import resource
import selectors
import socket
import time

import script
from verdictd import LOOPBACK, Samples, Verdictd

BODY = b'{"input":{"text":"A warm, funny film."}}'
POST = b"POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
CONNECTIONS, SECONDS = 1000, 5

# What each says when it is connected, what it says again and again, after how many seconds, and
# whether it reads.
HOSTILE = {
    "idle": (b"", b"", 1, True),
    "slow_headers": (b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: ", b"x", 0.5, True),
    "slow_bodies": (POST + b"Content-Length: 300000\r\n\r\n", b"x", 1, True),
    "slow_chunks": (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 1, True),
    "slow_readers": (b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n" * 100, b"", 1, False),
    "endless_headers": (b"GET /healthz HTTP/1.1\r\nHost: a\r\n", b"X: " + b"x" * 4000 + b"\r\n", 0.01, True),
    "endless_extensions": (POST + b"Transfer-Encoding: chunked\r\n\r\n1;a=", b"x" * 4000, 0.01, True),
}


def raise_file_limit():
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)


class Sender:
    """One hostile connection, which is opened again whenever it is closed."""

    def __init__(self, selector, port, first, again, reads):
        self.selector, self.port, self.first, self.again, self.reads = selector, port, first, again, reads
        self.socket = None
        self.opened = 0
        self.open()

    def open(self):
        if self.socket is not None:
            if self.reads:
                self.selector.unregister(self.socket)
            self.socket.close()
        self.opened += 1
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex((LOOPBACK, self.port))
        self.is_fresh = True
        if self.reads:
            self.selector.register(self.socket, selectors.EVENT_READ, self)

    def send(self):
        try:
            self.socket.send(self.first if self.is_fresh else self.again)
            self.is_fresh = False
        except BlockingIOError:
            pass
        except OSError:
            self.open()

    def read(self):
        try:
            if not self.socket.recv(1 << 16):
                self.open()
        except BlockingIOError:
            pass
        except OSError:
            self.open()


def be_hostile(kind, port, over):
    raise_file_limit()
    first, again, pause, reads = HOSTILE[kind]
    selector = selectors.DefaultSelector()
    senders = [Sender(selector, port, first, again, reads) for _ in range(CONNECTIONS)]
    # A sender's turn comes once a pause, and all have theirs in slices, so that no moment is worse
    # than another.
    slices = [senders[i::20] for i in range(20)]
    for part in itertools.cycle(slices):
        if over.is_set():
            return
        for sender in part:
            sender.send()
        end = time.monotonic() + pause / len(slices)
        while (left := end - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                key.data.read()


def flood(port, over):
    """Connections as fast as one process can make them; none says a word."""
    while not over.is_set():
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
            pass


def ask(port, method, path, body=None):
    """The status, and the seconds that it took, of one request on a connection of its own."""
    start = time.monotonic()
    with contextlib.closing(http.client.HTTPConnection(LOOPBACK, port, timeout=10)) as connection:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        reply = connection.getresponse()
        reply.read()
        return reply.status, time.monotonic() - start


def beside(server, target, arguments, name, findings):
    """Health and good calls while a process of its own does `target`."""
    over = multiprocessing.Event()
    hostile = multiprocessing.Process(target=target, args=(*arguments, over), daemon=True)
    health, calls, errors = [], [], 0
    before = server.rss_bytes()
    with Samples(lambda: (server.rss_bytes(), len(server.threads())), 0.1) as samples:
        hostile.start()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            try:
                health.append(ask(server.http_port, "GET", "/healthz"))
                calls.append(ask(server.http_port, "POST", "/v1/classify", BODY))
            except OSError:
                errors += 1
            time.sleep(0.01)
        over.set()
        hostile.join()
    findings.equal(f"{name}_statuses", sorted({status for status, _ in health + calls}), [200])
    findings.equal(f"{name}_connections_refused", errors, 0)
    health_ms = sorted(seconds * 1e3 for _, seconds in health)
    findings.note(**{f"{name}_health_checks": len(health_ms), f"{name}_health_p50_ms": round(health_ms[len(health_ms) // 2], 1),
                     f"{name}_health_slowest_ms": round(health_ms[-1], 1)})
    # The senders share the machine with the server, so one check of a hundred may be the
    # scheduler's.
    findings.at_most(f"{name}_health_p99_ms", round(health_ms[len(health_ms) * 99 // 100 - 1], 1), 100)
    findings.at_most(f"{name}_call_slowest_ms", round(max(seconds for _, seconds in calls) * 1e3, 1), 1000)
    findings.at_most(f"{name}_rss_growth_mb", round((max(rss for rss, _ in samples.values) - before) / 1e6, 1), 64)
    findings.at_most(f"{name}_threads", max(threads for _, threads in samples.values), 40)


def send_at(port, size, bytes_per_second):
    """The status of a call whose body comes at a pace, and the seconds that it took."""
    body = b'{"input":{"text":"' + b" " * (size - 40) + b'good"}}'
    start = time.monotonic()
    with socket.create_connection((LOOPBACK, port), timeout=90) as connection:
        connection.sendall(POST + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body))
        connection.setblocking(False)
        piece = max(1, bytes_per_second // 20)
        for begin in range(0, len(body), piece):
            with contextlib.suppress(BlockingIOError):
                return int(connection.recv(4096).split(b" ")[1]), time.monotonic() - start  # it would not wait
            connection.setblocking(True)
            connection.sendall(body[begin:begin + piece])
            connection.setblocking(False)
            time.sleep(piece / bytes_per_second)
        connection.setblocking(True)
        return int(connection.recv(4096).split(b" ")[1]), time.monotonic() - start


def test(options, findings):
    raise_file_limit()
    with Verdictd(options.verdictd, options.model, "--max-text-bytes", "400000") as server:
        ask(server.http_port, "POST", "/v1/classify", BODY)
        threads = server.threads()
        findings.at_most("idle_threads", len(threads), 40)
        findings.note(idle_rss_mb=round(server.rss_bytes() / 1e6, 1))
        for kind in HOSTILE:
            beside(server, be_hostile, (kind, server.http_port), kind, findings)
        beside(server, flood, (server.http_port,), "flood", findings)
        status, seconds = send_at(server.http_port, 360_000, 30_000)
        findings.equal("status_of_360_kb_at_30_kb_a_second", status, 200)
        findings.note(seconds_of_360_kb=round(seconds, 1))
        status, seconds = send_at(server.http_port, 1000, 1)
        findings.equal("status_of_a_byte_a_second", status, 408)
        findings.at_most("seconds_of_a_byte_a_second", round(seconds, 1), 5)


script.run(__doc__, test)
