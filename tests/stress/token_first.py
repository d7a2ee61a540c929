#!/usr/bin/python3
"""Over HTTP the token comes first: 70 bodies without a token that come slowly take nobody's place,
a wrong token is 401 whatever the body is. What a refused body of 380 KB costs is noted."""
import contextlib
import http.client
import pathlib
import socket
import tempfile
import threading
import time

import script
from verdictd import LOOPBACK, Verdictd

BODY = b'{"input":{"text":"A warm, funny film."}}'
TOKEN = {"Authorization": "Bearer let-me-in-please"}
SLOW, REFUSED = 70, 50


def post(port, body, headers):
    """The status, and the seconds that it took."""
    start = time.monotonic()
    with contextlib.closing(http.client.HTTPConnection(LOOPBACK, port, timeout=10)) as connection:
        connection.request("POST", "/v1/classify", body, {"Content-Type": "application/json", **headers})
        return connection.getresponse().status, time.monotonic() - start


def send_slowly(port, over):
    while not over.is_set():
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=5) as connection:
            connection.sendall(b"POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                               b"Content-Length: 300000\r\n\r\n")
            while not over.wait(0.2):
                connection.sendall(b"x")


def test(options, findings):
    with tempfile.TemporaryDirectory() as folder:
        tokens = pathlib.Path(folder) / "tokens"
        tokens.write_text("let-me-in-please\n")
        with Verdictd(options.verdictd, options.model, "--auth-token-file", str(tokens)) as server:
            bodies = [BODY, b"", b'{"no":1}', b"[" * 1000, bytes(380_000)]
            wrong = [post(server.http_port, body, headers)[0] for body in bodies for headers in ({}, {"Authorization": "Bearer no"})]
            findings.equal("statuses_without_the_token", sorted(set(wrong)), [401])
            before = server.cpu_seconds()
            for _ in range(REFUSED):
                post(server.http_port, b'{"input":{"text":"' + b"x" * 380_000 + b'"}}', {})
            findings.note(cpu_ms_of_a_refused_body=round((server.cpu_seconds() - before) / REFUSED * 1e3, 2))
            over = threading.Event()
            senders = [threading.Thread(target=send_slowly, args=(server.http_port, over), daemon=True) for _ in range(SLOW)]
            for sender in senders:
                sender.start()
            good = []
            end = time.monotonic() + 4
            while time.monotonic() < end:
                good.append(post(server.http_port, BODY, TOKEN))
            over.set()
            for sender in senders:
                sender.join()
            findings.note(good_calls=len(good))
            findings.equal("statuses_of_good_calls", sorted({status for status, _ in good}), [200])
            findings.at_most("slowest_good_call_seconds", round(max(seconds for _, seconds in good), 3), 1)


script.run(__doc__, test)
