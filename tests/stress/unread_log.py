#!/usr/bin/python3
"""Nobody reads the log, a pipe that is full, and junk comes to the port with TLS at 500 connections
a second: a good caller with TLS is answered <= 1 s throughout, and SIGTERM ends the server with 0
within --drain-timeout + 1 s."""
import collections
import contextlib
import os
import socket
import tempfile
import time

import good_caller
import script
from attackers import Attacker, Attackers
from certificates import Authority
from verdictd import LOOPBACK, Verdictd

CONNECTIONS_A_SECOND = 500
OPEN_CONNECTIONS = 64  # of the junk, at a time
JUNK_BYTES = 200
DRAIN_SECONDS = 5
MOST_SECONDS_BEYOND = 1


class Unread(Verdictd):
    """Its log is a pipe, which is read until it serves."""

    def open_log(self):
        self.reader, writer = os.pipe()
        os.set_blocking(self.reader, False)
        self.read = b""
        return os.fdopen(writer, "wb", buffering=0)

    def log_text(self):
        with contextlib.suppress(BlockingIOError):
            while more := os.read(self.reader, 1 << 16):
                self.read += more
        return self.read.decode(errors="replace")

    def fill_log(self):
        # Opened again, as a pipe that does not block us would not block the server either.
        writer = os.open(f"/proc/self/fd/{self.log_file.fileno()}", os.O_WRONLY | os.O_NONBLOCK)
        for size in (4096, 1):
            with contextlib.suppress(BlockingIOError):
                while True:
                    os.write(writer, b"\n" * size)
        os.close(writer)


class Junk(Attacker):
    """Connections that begin with random bytes."""

    COUNTED = ("connections", "not_connected")

    def __init__(self, port):
        super().__init__()
        self.port = port

    def attack(self):
        opened = collections.deque()
        next_at = time.monotonic()
        while True:
            next_at += 1 / CONNECTIONS_A_SECOND
            time.sleep(max(0, next_at - time.monotonic()))
            if len(opened) == OPEN_CONNECTIONS:
                opened.popleft().close()
            try:
                opened.append(socket.create_connection((LOOPBACK, self.port), timeout=1))
                opened[-1].sendall(os.urandom(JUNK_BYTES))
                self.count("connections")
            except OSError:
                self.count("not_connected")


def test(options, findings):
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(folder, "authority")
        certificate, key = authority.sign("server")
        with Unread(options.verdictd, options.model, "--tls-cert", str(certificate), "--tls-key", str(key),
                    "--drain-timeout", f"{DRAIN_SECONDS}s") as server:
            good = good_caller.new_tls_connections(server.grpc_port, authority.certificate)
            good_caller.repeat(good, 0.5)
            server.fill_log()
            with Attackers(Junk(server.grpc_port)) as junk:
                during = good_caller.repeat(good, options.seconds)
                counts = junk.counts()
                status, seconds = server.stop_or_give_up()
    findings.note(junk=counts)
    findings.at_least("junk_connections", counts["connections"], options.seconds * CONNECTIONS_A_SECOND / 2)
    during.hold(findings, "during")
    findings.equal("exit_status", status, 0)
    findings.at_most("seconds_to_the_exit", round(seconds, 3), DRAIN_SECONDS + MOST_SECONDS_BEYOND)


def add_options(parser):
    parser.add_argument("--seconds", type=float, default=5)


script.run(__doc__, test, add_options)
