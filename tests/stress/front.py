"""The proxies of deploy/front, in front of verdictds: with the files that are shipped, but for the
addresses in them."""
import pathlib
import shutil
import socket
import subprocess
import tempfile

import process
import script
from verdictd import LOOPBACK, await_true, free_port

SHIPPED = script.ROOT / "deploy" / "front"
SHIPPED_HOSTS = ["10.0.0.1", "10.0.0.2"]


class Front:
    """Serves the gRPC ports of `servers` on a port of its own, from entering the context until it
    is left.

    One server stands for both that the file names.
    """

    NAME = PACKAGE = FILE = None

    def __init__(self, *servers):
        self.program = shutil.which(self.NAME, path="/usr/bin:/usr/sbin")
        if self.program is None:
            script.skip(f"{self.NAME} is not installed: Debian's package {self.PACKAGE}")
        self.servers = servers if len(servers) > 1 else servers * 2
        self.port = free_port()
        self.address = f"{LOOPBACK}:{self.port}"
        self.folder = tempfile.TemporaryDirectory()
        self.file = pathlib.Path(self.folder.name) / self.FILE

    def command(self):
        """That serves with `self.file` until SIGTERM."""
        raise NotImplementedError

    def replacements(self):
        """What the shipped file says, and what it shall say here."""
        raise NotImplementedError

    def _configure(self):
        text = (SHIPPED / self.FILE).read_text()
        for shipped, ours in self.replacements():
            if shipped not in text:
                raise ValueError(f"{self.FILE} has no {shipped!r}")
            text = text.replace(shipped, ours)
        self.file.write_text(text)

    def __enter__(self):
        self._configure()
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        if await_true(self._listens, timeout=10) is None:
            self.__exit__()
            raise TimeoutError(f"{self.NAME} does not listen after 10 s")
        return self

    def _listens(self):
        with socket.socket() as connection:
            return connection.connect_ex((LOOPBACK, self.port)) == 0

    def __exit__(self, *_):
        # Killed, its first process would leave the others behind.
        self.process.terminate()
        self.process.wait(10)
        self.folder.cleanup()

    def rss_bytes(self):
        return sum(process.rss_bytes(pid) for pid in process.family(self.process.pid))

    def cpu_seconds(self):
        return sum(process.cpu_seconds(pid) for pid in process.family(self.process.pid))


class Haproxy(Front):
    NAME, PACKAGE, FILE = "haproxy", "haproxy", "haproxy.cfg"

    def command(self):
        return [self.program, "-db", "-f", str(self.file)]

    def replacements(self):
        return [("bind 127.0.0.1:50050", f"bind {self.address}"),
                *((f"{host}:50051 check port 8080", f"{server.address} check port {server.http_port}")
                  for host, server in zip(SHIPPED_HOSTS, self.servers))]


class Nginx(Front):
    NAME, PACKAGE, FILE = "nginx", "nginx", "nginx.conf"

    def command(self):
        return [self.program, "-e", "stderr", "-c", str(self.file)]

    def replacements(self):
        return [("listen 127.0.0.1:50050", f"listen {self.address}"), ("/run/verdict-front", self.folder.name),
                *((f"{host}:50051", server.address) for host, server in zip(SHIPPED_HOSTS, self.servers))]
