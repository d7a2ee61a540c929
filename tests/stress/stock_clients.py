"""The programs of clients/: gRPC of five languages with its defaults, which call at a rate until
they are told to stop.
"""
import json
import os
import pathlib
import shutil
import subprocess

import http2

CLIENTS = pathlib.Path(__file__).resolve().parent / "clients"
JARS = (
    "grpc-api",
    "grpc-context",
    "grpc-core",
    "grpc-netty",
    "grpc-stub",
    "guava",
    "failureaccess",
    "gson",
    "jsr305",
    "error_prone_annotations",
    "opencensus-api",
    "perfmark-api",
    "netty-all",
    "netty-buffer",
    "netty-codec",
    "netty-codec-http",
    "netty-codec-http2",
    "netty-codec-socks",
    "netty-common",
    "netty-handler",
    "netty-handler-proxy",
    "netty-resolver",
    "netty-transport",
    "netty-transport-native-unix-common",
)
REQUEST = http2.classify_request("a fine film").hex()


class Missing(Exception):
    """A client's packages are not installed."""


def _need(condition, what):
    if not condition:
        raise Missing(what)


def _build(command, what, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    _need(done.returncode == 0, f"{what} ({(done.stderr or done.stdout)[-300:].strip()})")


def python(_):
    return ["/usr/bin/python3", CLIENTS / "client.py"], {}


def node(_):
    modules = os.environ.get("NODE_PATH", "")
    found = (
        subprocess.run(["node", "-e", "require('@grpc/grpc-js')"], capture_output=True)
        if shutil.which("node")
        else None
    )
    _need(found and found.returncode == 0, "npm's @grpc/grpc-js, in a folder that NODE_PATH names")
    return ["node", CLIENTS / "client.js"], {"NODE_PATH": modules}


def go(folder):
    _need(
        shutil.which("go") and os.path.isdir("/usr/share/gocode/src/google.golang.org/grpc"),
        "Debian's golang-go and golang-google-grpc-dev",
    )
    environment = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": ""}
    _build(
        ["go", "build", "-p", "2", "-o", f"{folder}/client", CLIENTS / "client.go"],
        "a Go that builds the client",
        env={**os.environ, **environment},
    )
    return [f"{folder}/client"], {}


def java(folder):
    _need(
        shutil.which("javac")
        and all(
            os.path.exists(f"/usr/share/java/{jar}.jar")
            for jar in ("grpc-netty", "netty-all", "perfmark-api")
        ),
        "Debian's default-jdk-headless, libgrpc-java, libnetty-java and libperfmark-java",
    )
    jars = ":".join(path for jar in JARS if os.path.exists(path := f"/usr/share/java/{jar}.jar"))
    _build(
        ["javac", "-cp", jars, "-d", folder, CLIENTS / "Client.java"],
        "Debian's libgrpc-java with what it needs",
    )
    return ["java", "-XX:+UseSerialGC", "-cp", f"{jars}:{folder}", "Client"], {}


def ruby(_):
    found = (
        subprocess.run(["ruby", "-e", "require 'grpc'"], capture_output=True)
        if shutil.which("ruby")
        else None
    )
    _need(found and found.returncode == 0, "Debian's ruby-grpc")
    return ["ruby", CLIENTS / "client.rb"], {}


LANGUAGES = {"python": python, "node": node, "go": go, "java": java, "ruby": ruby}


class StockClient:
    """Calls `address` `rate` times a second from its construction until `stop`. `prepared` is a
    LANGUAGES function's.
    """

    def __init__(self, prepared, address, rate):
        command, environment = prepared
        self.process = subprocess.Popen(
            [*map(str, command), address, str(rate), REQUEST],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )

    def await_ready(self):
        """Waits until its first call is answered; those from then on count."""
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError(
                f"{self.process.args[:2]} has no answer to its first call:"
                f" {self.process.communicate(timeout=60)[1][-2000:]}"
            )

    def stop(self):
        """How its calls ended, and how many did so."""
        out, err = self.process.communicate(timeout=60)
        if self.process.returncode != 0:
            raise RuntimeError(
                f"{self.process.args[:2]} ended with {self.process.returncode}: {err[-2000:]}"
            )
        return json.loads(out)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
