"""nghttpx in front of a verdictd: what Verdict ships for networks that it cannot trust."""
import shutil
import subprocess
import tempfile

import process
import script
from verdictd import LOOPBACK, free_port


class Front:
    """Serves `server`'s gRPC port on a port of its own, from entering the context until it is left."""

    def __init__(self, server):
        self.program = shutil.which("nghttpx", path="/usr/bin:/usr/sbin")
        if self.program is None:
            script.skip("nghttpx is not installed: Debian's package nghttp2-proxy")
        self.server = server
        self.port = free_port()

    def command(self):
        return [
            self.program,
            "--conf=/dev/null",
            f"--frontend={LOOPBACK},{self.port};no-tls",
            f"--backend={LOOPBACK},{self.server.grpc_port};;proto=h2",
            "--workers=1",
            "--frontend-http2-max-concurrent-streams=100",  # of one connection
            "--worker-frontend-connections=1000",
            "--request-header-field-buffer=8K",
            "--max-request-header-fields=50",
            "--no-via", "--no-server-rewrite",
        ]

    def __enter__(self):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        return self

    def __exit__(self, *_):
        # Killed, its first process would leave the second one behind.
        self.process.terminate()
        self.process.wait(10)

    def rss_bytes(self):
        return sum(process.rss_bytes(pid) for pid in process.family(self.process.pid))

    def cpu_seconds(self):
        return sum(process.cpu_seconds(pid) for pid in process.family(self.process.pid))
