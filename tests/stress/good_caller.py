"""A good caller beside bad ones: calls one after another, how long each took, and which were not
OK."""
import itertools
import statistics
import time

import grpc

import http2

PAUSE_SECONDS = 0.02
PATIENCE_SECONDS = 5
# A call: its method and its request.
CLASSIFY = "Classify", http2.classify_request("A warm, funny film.")
CHECK = "/grpc.health.v1.Health/Check", b""


class Calls:
    """What became of calls."""

    def __init__(self):
        self.latencies = []
        self.failed = []  # how each of those that were not OK ended

    def figures(self):
        return {"calls": len(self.latencies), "failed_count": len(self.failed), "failed": self.failed[:3],
                "median_seconds": round(statistics.median(self.latencies), 4), "slowest_seconds": self.slowest()}

    def slowest(self):
        return round(max(self.latencies), 3)

    def hold(self, findings, name, most_seconds=1):
        """Holds them to the bound that all are OK within so many seconds."""
        findings.note(**{f"{name}_good": self.figures()})
        findings.equal(f"{name}_failed", len(self.failed), 0)
        findings.at_most(f"{name}_slowest_seconds", self.slowest(), most_seconds)


def repeat(make, seconds, calls=(CLASSIFY,), pause=PAUSE_SECONDS):
    """Makes `calls` in turn for so long, and gives their Calls. `make(method, request)` tells how a
    call ended."""
    made = Calls()
    end = time.monotonic() + seconds
    for method, request in itertools.cycle(calls):
        start = time.monotonic()
        outcome = make(method, request)
        made.latencies.append(time.monotonic() - start)
        if outcome not in (f"status {http2.OK}", "OK"):
            made.failed.append(f"{method}: {outcome}")
        if time.monotonic() > end:
            return made
        time.sleep(pause)


class OneConnection:
    """Makes calls over one connection, and over another when one has failed. All have `headers`."""

    def __init__(self, port, **headers):
        self.port = port
        self.headers = headers
        self.connection = None

    def __call__(self, method, request):
        """Makes the call again where the server has not taken it and says so by a GOAWAY, as
        clients of gRPC do."""
        answer = self._call(method, request)
        if answer.status is None and self.connection is not None and not self.connection.knows(self.connection.next_stream - 2):
            self.close()
            answer = self._call(method, request)
        if answer.status != http2.OK:
            self.close()
        return str(answer)

    def _call(self, method, request):
        try:
            if self.connection is None:
                self.connection = http2.Connection(self.port)
            return self.connection.ask(request, method, PATIENCE_SECONDS, **self.headers)
        except OSError:
            return http2.Answer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def new_connections(port, timeout=PATIENCE_SECONDS):
    """Makes each call over a connection of its own."""
    return lambda method, request: str(http2.ask(port, request, method, timeout))


def new_tls_connections(port, certificate):
    """The same with TLS. `certificate` is the path of the one to trust."""
    credentials = grpc.ssl_channel_credentials(certificate.read_bytes())

    def make(method, request):
        path = method if method.startswith("/") else http2.SERVICE + method
        with grpc.secure_channel(f"127.0.0.1:{port}", credentials, [("grpc.use_local_subchannel_pool", 1)]) as channel:
            try:
                channel.unary_unary(path)(request, timeout=PATIENCE_SECONDS)
                return "OK"
            except grpc.RpcError as error:
                return error.code().name
    return make
