#!/usr/bin/python3
"""Every recipe of the documents that runs, probes or calls a server does what it says, with the
programs that were built.

A recipe is a command of a code block in README.md, deploy/README.md or client/README.md, the
environment of a manifest, or compose.yaml's. There is no container: `docker run` becomes verdictd
with the image's environment and the command's, `docker exec` the client with the same, and the
image's own health check must succeed. So that addresses are taken as they are written, all of it
runs in a network namespace of its own; files that are mounted are looked for where the test made
them.

Usage: recipes_test.py VERDICTD VERDICT. Ends with 77 where it cannot have a namespace, or Python
has no yaml.
"""
import contextlib
import fcntl
import json
import os
import pathlib
import re
import shlex
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "stress"))
from certificates import Authority

try:
    import yaml
except ImportError:
    print("skipped: Python has no yaml (package python3-yaml)")
    sys.exit(77)

INSIDE = "VERDICT_RECIPES_INSIDE"
DOCUMENTS = ("README.md", "deploy/README.md", "client/README.md")
TOKEN = "a-token-of-the-recipes"
PATIENCE = 60
# What Kubernetes gives a pod of the namespace of a Service `verdict`, unless enableServiceLinks is
# false.
SERVICE_LINKS = {"VERDICT_SERVICE_HOST": "10.0.0.1", "VERDICT_SERVICE_PORT": "50051", "VERDICT_SERVICE_PORT_GRPC": "50051",
                 "VERDICT_PORT": "tcp://10.0.0.1:50051", "VERDICT_PORT_50051_TCP": "tcp://10.0.0.1:50051",
                 "VERDICT_PORT_50051_TCP_ADDR": "10.0.0.1", "VERDICT_PORT_50051_TCP_PORT": "50051",
                 "VERDICT_PORT_50051_TCP_PROTO": "tcp"}


def enter_namespace():
    """Runs this again in a network namespace; returns there, with its loopback interface up."""
    if INSIDE not in os.environ:
        command = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]
        if subprocess.run([*command, "true"], capture_output=True).returncode != 0:
            print("skipped: unshare makes no network namespace here")
            sys.exit(77)
        os.environ[INSIDE] = "1"
        os.execvp(command[0], [*command, sys.executable, "-B", *sys.argv])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running


def image():
    """The image's environment and its health command, out of the Dockerfile."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    last = text[text.rindex("\nFROM"):]
    variables = dict(word.split("=", 1) for line in re.findall(r"^ENV (.*)$", last, re.M) for word in line.split())
    return variables, json.loads(re.search(r"^HEALTHCHECK .*CMD (\[.*\])$", last, re.M)[1])


def commands(document):
    """The commands of a document's code blocks, one list a block."""
    for block in re.findall(r"^```\w*\n(.*?)^```", (ROOT / document).read_text(), re.M | re.S):
        lines = block.replace("\\\n", " ").splitlines()
        found = [shlex.split(part, comments=True) for line in lines for part in line.removeprefix("$ ").split(" && ")
                 if re.match(r"docker (run|exec) |(build/release/)?verdict |export |curl --json ", part)]
        if found:
            yield [command for command in found if command]


class Files:
    """What the recipes mount: a folder for TLS, one of tokens, one of models."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for name in ("tls", "tokens"):
            (self.folder / name).mkdir()
        authority = Authority(self.folder / "tls", "ca")
        authority.sign("tls")
        authority.sign("client")
        # As a Secret made from a file has it.
        (self.folder / "tokens" / "tokens").write_text(f"# of the recipes\n{TOKEN}\n")
        (self.folder / "tokens" / "token").write_text(f"{TOKEN}\n")
        (self.folder / "texts.txt").write_text("A warm, funny film.\nNever again.\n")

    def here(self, value):
        """`value` with the paths of this machine."""
        value = re.sub(r"^(/usr/share/verdict)?/models(/\w+)?", str(ROOT / "models/demo"), value)
        return re.sub(r"^/(tls|tokens)/", rf"{self.folder}/\1/", value)


class Recipes(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.files = Files(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.server = None
        self.environment = {}
        self.image_environment, self.health = image()
        self.stack.callback(self.stop)

    def program_environment(self, variables):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VERDICT_")}
        return {**kept, **{name: self.files.here(value) for name, value in variables.items()}}

    def start(self, variables, arguments=()):
        """verdictd as a container would run it, until the image's health check succeeds."""
        self.stop()
        self.environment = {**self.image_environment, **variables}
        self.log = self.stack.enter_context(tempfile.TemporaryFile("w+"))
        self.server = subprocess.Popen([VERDICTD, *arguments], env=self.program_environment(self.environment),
                                       stdin=subprocess.DEVNULL, stderr=self.log)
        deadline = time.monotonic() + PATIENCE
        while (health := self.run_client(self.health)).returncode != 0:
            self.assertIsNone(self.server.poll(), self.logged())
            self.assertLess(time.monotonic(), deadline, f"{' '.join(self.health)}: {health.stderr}\n{self.logged()}")
        self.assertEqual(health.stderr, "")
        self.assertNotIn("means nothing", self.logged())

    def stop(self):
        if self.server is None:
            return
        self.server.send_signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(PATIENCE), 0)
        self.server = None

    def logged(self):
        self.log.seek(0)
        return self.log.read()

    def run_client(self, command, environment=None):
        self.assertEqual(pathlib.Path(command[0]).name, "verdict")
        variables = self.environment if environment is None else environment
        return subprocess.run([VERDICT, *command[1:]], env=self.program_environment(variables), cwd=self.files.folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)

    def succeeds(self, command, environment=None):
        # A load of a second shows as much.
        command = [re.sub(r"^30s$", "1s", re.sub(r"^HOST:50051$", "127.0.0.1:50051", word)) for word in command]
        done = self.run_client(command, environment)
        self.assertEqual(done.returncode, 0, f"{' '.join(command)}: {done.stderr}")
        self.assertEqual(done.stderr, "")

    def docker_run(self, command):
        variables, words = {}, iter(command[2:])
        for word in words:
            if word in ("--env", "-e"):
                variables.update([next(words).split("=", 1)])
            elif word in ("--name", "--publish", "--volume"):
                next(words)
            elif not word.startswith("-"):
                break
        self.start(variables, list(words))

    def follow(self, block):
        exported = {}
        for command in block:
            with self.subTest(" ".join(command)):
                if command[:2] == ["docker", "run"]:
                    self.docker_run(command)
                elif command[:2] == ["docker", "exec"]:
                    self.succeeds(command[3:])
                elif command[0] == "export":
                    exported = dict(word.split("=", 1) for word in command[1:])
                    self.start_for(exported)
                else:
                    if self.server is None or not exported and self.environment != self.image_environment:
                        self.start({})
                    if command[0] == "curl":
                        subprocess.run([*command, "--fail", "--silent"], check=True, capture_output=True)
                    else:
                        self.succeeds(command, exported)

    def start_for(self, client):
        """A server that a client with these variables wants: with TLS, with tokens."""
        variables = dict(client)
        if "VERDICT_CLIENT_TLS_CA" in client:
            variables |= {"VERDICT_TLS_CERT": "/tls/tls.crt", "VERDICT_TLS_KEY": "/tls/tls.key"}
        if "VERDICT_CLIENT_TLS_CERT" in client:
            variables["VERDICT_TLS_CLIENT_CA"] = "/tls/ca.crt"
        if "VERDICT_CLIENT_TOKEN_FILE" in client:
            variables["VERDICT_AUTH_TOKEN_FILE"] = "/tokens/tokens"
        self.start(variables)

    def test_the_documents_commands_work(self):
        seen = 0
        for document in DOCUMENTS:
            for block in commands(document):
                seen += len(block)
                with self.subTest(document):
                    self.follow(block)
        self.assertGreaterEqual(seen, 15)

    def test_the_documents_have_a_recipe_for_each_kind_of_trust(self):
        recipes = [" ".join(command) for document in DOCUMENTS for block in commands(document) for command in block
                   if command[:2] == ["docker", "run"]]
        for needed in (["VERDICT_TLS_CERT=", "VERDICT_CLIENT_TLS_CA="], ["VERDICT_TLS_CLIENT_CA=", "VERDICT_CLIENT_TLS_CERT="],
                       ["VERDICT_AUTH_TOKEN_FILE=", "VERDICT_CLIENT_TOKEN_FILE="], ["VERDICT_HEALTH_ADDRESS=", "VERDICT_SERVER="]):
            self.assertTrue([recipe for recipe in recipes if all(word in recipe for word in needed)], needed)

    def test_a_former_name_stops_the_health_check(self):
        self.start({})
        done = self.run_client(self.health, {**self.environment, "VERDICT_TLS_CA": "/tls/ca.crt"})
        self.assertEqual(done.returncode, 2)
        self.assertIn("VERDICT_CLIENT_TLS_CA", done.stderr)

    def test_compose_starts_a_healthy_server(self):
        services = yaml.safe_load((ROOT / "deploy/compose/compose.yaml").read_text())["services"]
        self.start(services["verdictd"]["environment"])

    def test_the_pods_of_kubernetes_answer_their_probes_with_service_links_too(self):
        folder = ROOT / "deploy/kubernetes"
        base = yaml.safe_load((folder / "base/deployment.yaml").read_text())["spec"]["template"]["spec"]
        self.assertIs(base["enableServiceLinks"], False)
        for component in (None, "tls", "front"):
            container = dict(base["containers"][0])
            patch = {}
            if component is not None:
                file = yaml.safe_load((folder / f"components/{component}/deployment.yaml").read_text())
                patch = file["spec"]["template"]["spec"]["containers"][0]
            variables = {one["name"]: one["value"] for one in [*container["env"], *patch.get("env", [])]}
            container.update(patch)
            with self.subTest(component):
                self.answers_probes({**variables, **SERVICE_LINKS, "VERDICT_DRAIN_DELAY": "0s"}, container)

    def answers_probes(self, variables, container):
        health, self.health = self.health, ["verdict", "health", f"--server=127.0.0.1:{self.grpc_port(container)}"]
        self.start(variables)
        with urllib.request.urlopen("http://127.0.0.1:8080" + container["livenessProbe"]["httpGet"]["path"]) as reply:
            self.assertEqual(reply.status, 200)
        self.health = health

    def grpc_port(self, container):
        ports = {container[probe]["grpc"]["port"] for probe in ("startupProbe", "readinessProbe")}
        self.assertEqual(len(ports), 1)
        return ports.pop()


if __name__ == "__main__":
    enter_namespace()
    VERDICTD, VERDICT = (os.path.abspath(program) for program in sys.argv[1:3])
    unittest.main(argv=sys.argv[:1])
