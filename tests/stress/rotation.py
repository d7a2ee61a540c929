#!/usr/bin/python3
"""A server with TLS that asks its clients for certificates gets new ones of its own, 10 times,
under load.

No call fails, and new connections see the new certificate. Who comes with the wrong authority, with
an expired certificate, without one, or in plain text, is refused. An expired certificate of its own
is never served.
"""
import os
import pathlib
import socket
import ssl
import subprocess
import tempfile
import time

import http2
import load
import script
from certificates import Authority
from verdictd import LOOPBACK, Verdictd, await_true

SECONDS_BETWEEN = 3
SEEN_SECONDS = 2.5
SERVER_FAILED = 3  # exit status of verdict
WRONG_OPTION = 2  # of verdictd


def add_options(parser):
    parser.add_argument("--rotations", type=int, default=10)
    parser.add_argument("--rate", type=float, default=200, help="calls a second")


class Served:
    """The files that the server reads, as a mounted secret has them: a link that is moved to the
    next folder at once."""

    def __init__(self, folder, authority):
        self.folder = pathlib.Path(folder)
        self.authority = authority
        self.count = 0
        self.live = self.folder / "live"
        self.rotate()

    def rotate(self, expired=False):
        """Issues a new certificate and puts it where the server looks."""
        self.count += 1
        certificate, key = self.authority.sign(f"server-{self.count}", expired=expired)
        target = self.folder / f"served-{self.count}"
        target.mkdir()
        os.rename(certificate, target / "tls.crt")
        os.rename(key, target / "tls.key")
        link = self.folder / "next"
        link.symlink_to(target.name)
        os.replace(link, self.live)

    @property
    def options(self):
        return "--tls-cert", str(self.live / "tls.crt"), "--tls-key", str(self.live / "tls.key")

    def common_name(self):
        return f"server-{self.count}"


class Caller:
    """What `verdict` needs to show, and what it trusts."""

    def __init__(self, program, address, authority, identity=None):
        self.program = program
        self.address = address
        self.flags = ["--tls-ca", str(authority.certificate)]
        if identity is not None:
            self.flags += ["--tls-cert", str(identity[0]), "--tls-key", str(identity[1])]

    def classify(self):
        """The exit status of one call on a connection of its own."""
        return subprocess.run([self.program, "classify", "--server", self.address, "--timeout", "3s", "--attempts", "1",
                               *self.flags, "A warm, funny film."], capture_output=True).returncode


def name_served(port, authority, identity):
    """The common name of the certificate that a new connection is shown."""
    context = ssl.create_default_context(cafile=authority.certificate)
    context.load_cert_chain(*identity)
    context.set_alpn_protocols(["h2"])
    with socket.create_connection((LOOPBACK, port), timeout=5) as plain, \
            context.wrap_socket(plain, server_hostname=LOOPBACK) as secured:
        return dict(field[0] for field in secured.getpeercert()["subject"])["commonName"]


def rotate_under_load(options, server, served, authority, identity, findings):
    caller = Caller(options.verdict, server.address, authority, identity)
    seen, fresh = [], []
    with load.Load(options.verdict, server.address, *caller.flags, "--rate", options.rate, "--timeout", "5s",
                   "--duration", f"{(options.rotations + 1) * SECONDS_BETWEEN}s") as run:
        start = time.monotonic()
        for number in range(1, options.rotations + 1):
            time.sleep(max(0, start + number * SECONDS_BETWEEN - time.monotonic()))
            served.rotate()
            seen.append(await_true(lambda: name_served(server.grpc_port, authority, identity) == served.common_name(),
                                   SEEN_SECONDS, interval=0.05))
            fresh.append(caller.classify())
        report = run.report(timeout=load.PATIENCE_SECONDS)
    findings.note(codes=report.figures["codes"], seconds_until_seen=seen)
    findings.equal("rotations_seen", sum(seconds is not None for seconds in seen), options.rotations)
    findings.equal("calls_failed", report.failed(), 0)
    findings.equal("fresh_connections_failed", sum(status != 0 for status in fresh), 0)


def refusals(options, server, authority, identity, folder, findings):
    other = Authority(folder, "other")

    def status(trusted, shown):
        return Caller(options.verdict, server.address, trusted, shown).classify()

    findings.equal("a_good_caller", status(authority, identity), 0)
    findings.equal("a_caller_that_trusts_another_authority", status(other, identity), SERVER_FAILED)
    findings.equal("a_certificate_of_another_authority", status(authority, other.sign("stranger")), SERVER_FAILED)
    findings.equal("an_expired_certificate", status(authority, authority.sign("late", expired=True)), SERVER_FAILED)
    findings.equal("no_certificate", status(authority, None), SERVER_FAILED)
    findings.equal("plain_text", http2.classify(server.grpc_port, timeout=2)[0], None)


def expired_server(server, served, authority, identity, findings):
    """An expired certificate where the server looks changes nothing, and no server starts with
    one."""
    name = served.common_name()
    served.rotate(expired=True)
    time.sleep(SEEN_SECONDS)
    findings.equal("served_instead_of_an_expired_certificate", name_served(server.grpc_port, authority, identity), name)
    start = subprocess.run([*server.command, *served.options], capture_output=True, timeout=30)
    findings.equal("exit_status_of_a_start_with_an_expired_certificate", start.returncode, WRONG_OPTION)


def test(options, findings):
    load.require(options.verdict)
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(folder, "authority")
        identity = authority.sign("client")
        served = Served(folder, authority)
        with Verdictd(options.verdictd, options.model, *served.options,
                      "--tls-client-ca", str(authority.certificate)) as server:
            rotate_under_load(options, server, served, authority, identity, findings)
            refusals(options, server, authority, identity, folder, findings)
            expired_server(server, served, authority, identity, findings)
            findings.equal("alive", server.alive(), True)


script.run(__doc__, test, add_options)
