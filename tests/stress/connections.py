#!/usr/bin/python3
"""Connections from one address without end: half-open handshakes of TLS, as many as one process can
make, and 3,000 that are idle. RSS grows by at most 120 MB, and a good caller of another address,
with a new connection for each Classify and each Health.Check, is answered OK <= 1 s throughout.
While they come, SIGTERM ends the server with 0 within --drain-timeout + 1 s. Behind nginx and
HAProxy, whose address is everybody's, how the good caller fares is noted: beside idle connections,
and beside 600 open streams."""
import contextlib
import pathlib
import select
import socket
import ssl
import tempfile
import time

import hpack

import good_caller
import http2
import script
from attackers import Attacker, Attackers
from certificates import Authority
from conversations import END_HEADERS, HEADERS, frame
from front import Haproxy, Nginx
from verdictd import LOOPBACK, Samples, Verdictd

ATTACKER = "127.0.0.2"
HANDSHAKES = 8000
IDLE = 3000
STREAMS = 600
MOST_GROWTH_MB = 120
DRAIN_SECONDS = 2
MOST_SECONDS_BEYOND = 1
BIND_ADDRESS_NO_PORT = 24  # of IPPROTO_IP: the port is chosen for the connection, so that there are enough


class Crowd(Attacker):
    """Opens connections as fast as it can, which begin with `greeting`, until there are `most`; and
    another for each that is closed."""

    COUNTED = ("opened", "not_connected", "closed_by_server")

    def __init__(self, port, most, greeting=b"", **how):
        super().__init__(**how)
        self.port = port
        self.most = most
        self.greeting = greeting

    def attack(self):
        poller = select.epoll()
        held = {}
        while True:
            full = len(held) == self.most
            if not full and (connection := self._open()) is not None:
                held[connection.fileno()] = connection
                poller.register(connection, select.EPOLLIN)
            for descriptor, _ in poller.poll(0.05 if full else 0):
                if self._is_closed(held[descriptor]):
                    held.pop(descriptor).close()
                    self.count("closed_by_server")

    def _open(self):
        connection = socket.socket()
        try:
            connection.setsockopt(socket.IPPROTO_IP, BIND_ADDRESS_NO_PORT, 1)
            # Closed by a reset, its port is free at once.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.settimeout(1)
            connection.bind((ATTACKER, 0))
            connection.connect((LOOPBACK, self.port))
            connection.setblocking(False)
            connection.send(self.greeting)
        except OSError:
            connection.close()
            self.count("not_connected")
            return None
        self.count("opened")
        return connection

    @staticmethod
    def _is_closed(connection):
        try:
            return not connection.recv(1 << 16)
        except BlockingIOError:
            return False
        except OSError:
            return True


def client_hello():
    """How a client of TLS begins."""
    written = ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.set_alpn_protocols(["h2"])
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), written, server_hostname="localhost").do_handshake()
    return written.read()


def open_stream():
    """A client's connection with a ClassifyStream on which nothing comes."""
    headers = hpack.Encoder().encode(http2.request_headers("ClassifyStream"))
    return http2.PREFACE + frame(4) + frame(HEADERS, 1, headers, END_HEADERS)


def measure(options, findings, name, server, crowd, good, bound_good_calls):
    calls = (good_caller.CLASSIFY, good_caller.CHECK)
    before = good_caller.repeat(good, 0.5, calls)
    with Samples(server.rss_bytes) as memory, Attackers(crowd) as attackers:
        during = good_caller.repeat(good, options.hold, calls)
    after = good_caller.repeat(good, 0.5, calls)
    findings.note(**{f"{name}_attack": attackers.counts(), f"{name}_good_before": before.figures(),
                     f"{name}_good_after": after.figures()})
    findings.at_most(f"{name}_rss_growth_mb", round(memory.growth() / 1e6, 1), MOST_GROWTH_MB)
    if bound_good_calls:
        during.hold(findings, name)
    else:
        findings.note(**{f"{name}_good": during.figures()})


def half_open_tls(options, findings, name):
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(pathlib.Path(folder), "authority")
        certificate, key = authority.sign("server")
        with Verdictd(options.verdictd, options.model, "--tls-cert", str(certificate), "--tls-key", str(key)) as server:
            good = good_caller.new_tls_connections(server.grpc_port, authority.certificate)
            measure(options, findings, name, server, Crowd(server.grpc_port, HANDSHAKES, client_hello()), good, True)


def idle(options, findings, name):
    with Verdictd(options.verdictd, options.model) as server:
        good = good_caller.new_connections(server.grpc_port)
        measure(options, findings, name, server, Crowd(server.grpc_port, IDLE), good, True)


def stopped(options, findings, name):
    """Two that give way to nobody, so that more come than are refused."""
    with Verdictd(options.verdictd, options.model, "--drain-timeout", f"{DRAIN_SECONDS}s") as server:
        crowds = Attackers(*(Crowd(server.grpc_port, IDLE, niceness=0) for _ in range(2)))
        with crowds:
            time.sleep(options.hold)
            status, seconds = server.stop_or_give_up()
    findings.note(**{f"{name}_attack": crowds.counts()})
    findings.equal(f"{name}_exit_status", status, 0)
    findings.at_most(f"{name}_seconds_to_the_exit", round(seconds, 3), DRAIN_SECONDS + MOST_SECONDS_BEYOND)


def behind(front_type, most, greeting):
    def run(options, findings, name):
        with Verdictd(options.verdictd, options.model) as server, front_type(server) as front:
            good = good_caller.new_connections(front.port)
            measure(options, findings, name, server, Crowd(front.port, most, greeting), good, False)
    return run


CASES = {"half_open_tls": half_open_tls, "idle": idle, "stopped": stopped,
         **{f"{kind}_behind_{front.NAME}": behind(front, most, greeting) for front in (Nginx, Haproxy)
            for kind, most, greeting in (("idle", IDLE, b""), ("streams", STREAMS, open_stream()))}}


def test(options, findings):
    for name, run in CASES.items():
        if options.case in (None, name):
            run(options, findings, name)


def add_options(parser):
    parser.add_argument("--hold", type=float, default=4, metavar="SECONDS", help="of each case")
    parser.add_argument("--case", choices=CASES, help="this one alone")


script.run(__doc__, test, add_options)
