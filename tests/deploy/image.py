#!/usr/bin/python3
"""Builds the image and holds it to what deploy/README.md says of it.

It is run as a cluster's strictest would: a read-only root, uid 65532, no capabilities, no new
privileges. It serves the demo model, its health check succeeds, and SIGTERM under load drains it.
The list of packages names every library that the programs load, with the checksum that it has.
"""
import contextlib
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "stress"))

import script
from verdictd import LOOPBACK, await_true, free_port

PROGRAMS = ["/usr/bin/verdict", "/usr/bin/verdictd"]
SBOM = "usr/share/doc/verdict/sbom.spdx.json"
STRICT = ["--read-only", "--user=65532:65532", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=host"]
SENTENCE, LABEL = "A warm, funny film with a brilliant cast.", "POSITIVE"
STOP_SECONDS = 30
MOST_MEGABYTES = 110


def runner():
    """Docker where its daemon answers."""
    docker = shutil.which("docker")
    answers = docker and subprocess.run([docker, "version"], capture_output=True).returncode == 0
    return docker if answers else shutil.which("podman")


def add_options(parser):
    parser.add_argument("--image", help="look into this one instead of building one")
    parser.add_argument("--tool", default=runner(), help="docker or podman")
    parser.add_argument("--run-option", action="append", default=[], metavar="OPTION", help="for where containers need more")


class Image:
    """One image, and the tool that runs it."""

    def __init__(self, tool, name, run_options):
        self.tool, self.name, self.run_options = tool, name, [*STRICT, *run_options]

    def call(self, *arguments):
        done = subprocess.run([self.tool, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{self.tool} {' '.join(arguments)}: {done.stderr[-1000:]}")
        return done.stdout

    def command(self, program, *arguments, options=()):
        return [self.tool, "run", "--rm", *self.run_options, *options, f"--entrypoint={program}", self.name, *arguments]

    def run(self, program, *arguments):
        """The exit status and standard output of a program of the image."""
        done = subprocess.run(self.command(program, *arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode >= 125:  # the tool's own, or no such program
            raise RuntimeError(f"{program}: {done.stderr[-1000:]}")
        return done.returncode, done.stdout

    def configuration(self):
        inspected = json.loads(self.call("inspect", "--type=image", self.name))[0]
        return {**inspected, **inspected["Config"]}  # podman has the health check outside

    def extract(self, folder):
        container = self.call("create", *self.run_options, self.name).strip()
        try:
            self.call("export", f"--output={folder}.tar", container)
        finally:
            self.call("rm", container)
        with tarfile.open(f"{folder}.tar") as root:
            root.extractall(folder, filter="tar") if hasattr(tarfile, "tar_filter") else root.extractall(folder)
        os.unlink(f"{folder}.tar")


class Container:
    """verdictd in the image, on free ports, from entering the context until it is left."""

    def __init__(self, image):
        self.image = image
        self.name = f"verdict-test-{os.getpid()}"
        self.address, self.http = (f"{LOOPBACK}:{free_port()}" for _ in range(2))

    def __enter__(self):
        self.log = tempfile.TemporaryFile()
        options = [f"--name={self.name}", f"--env=VERDICT_GRPC_ADDRESS={self.address}",
                   f"--env=VERDICT_HTTP_ADDRESS={self.http}"]
        self.process = subprocess.Popen(self.image.command("verdictd", options=options), stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            with contextlib.suppress(RuntimeError):
                self.image.call("kill", self.name)
            self.process.wait(STOP_SECONDS)

    def log_text(self):
        return os.pread(self.log.fileno(), 1 << 24, 0).decode(errors="replace")

    def restrictions(self):
        """What the kernel holds its process to; None where that is another machine's."""
        pid = self.image.call("inspect", "--format={{.State.Pid}}", self.name).strip()
        status = pathlib.Path(f"/proc/{pid}/status")
        if not status.exists():
            return None
        fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        root = next(line for line in pathlib.Path(f"/proc/{pid}/mounts").read_text().splitlines() if line.split()[1] == "/")
        return {"uid": fields["Uid"].split()[1], "capabilities": int(fields["CapBnd"], 16) | int(fields["CapPrm"], 16),
                "no_new_privileges": fields["NoNewPrivs"], "root": root.split()[3].split(",")[0]}

    def stop(self):
        """By the image's stop signal: the exit status."""
        self.image.call("stop", "-t", str(STOP_SECONDS), self.name)
        return self.process.wait(STOP_SECONDS)


def built(options):
    if options.image:
        return options.image
    subprocess.run([ROOT / "dev", "image", "verdict:test"], check=True, stdout=sys.stderr)
    return "verdict:test"


def check_configuration(image, findings):
    configuration = image.configuration()
    version = image.run("verdictd", "--version")[1].split()[-1]
    labels = configuration["Labels"]
    findings.equal("user", configuration["User"], "65532:65532")
    findings.equal("stop_signal", configuration["StopSignal"], "SIGTERM")
    findings.equal("ports", sorted(port.removesuffix("/tcp") for port in configuration["ExposedPorts"]), ["50051", "8080"])
    findings.equal("version", labels["org.opencontainers.image.version"], version)
    findings.note(**{name: labels[f"org.opencontainers.image.{name}"] for name in ("created", "revision")})


def loaded_libraries(image, program):
    """As the image's own loader finds them."""
    status, lines = image.run("/lib64/ld-linux-x86-64.so.2", "--list", program)
    if status or "not found" in lines:
        raise RuntimeError(f"{program} cannot be loaded: {lines}")
    return {path for path in re.findall(r"(/\S+) \(0x", lines)}


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_sbom(image, root, findings):
    document = json.loads((root / SBOM).read_text())
    listed = {file["fileName"]: {sum["algorithm"]: sum["checksumValue"] for sum in file["checksums"]}
              for file in document["files"]}
    packaged = {relationship["relatedSpdxElement"] for relationship in document["relationships"]
                if relationship["relationshipType"] == "CONTAINS"}
    libraries = set().union(*(loaded_libraries(image, program) for program in PROGRAMS))
    missing = []
    for name in sorted(libraries | set(PROGRAMS)):
        path = (root / name.lstrip("/")).resolve()
        if listed.get(f"./{path.relative_to(root)}", {}).get("SHA256") != sha256(path):
            missing.append(name)
    findings.note(libraries=len(libraries), packages=sorted(f"{package['name']} {package['versionInfo']}"
                                                            for package in document["packages"]))
    findings.equal("loaded_but_not_in_sbom", missing, [])
    findings.equal("files_of_no_package", [file["fileName"] for file in document["files"] if file["SPDXID"] not in packaged], [])


def check_files(root, findings):
    sizes = {str(path.relative_to(root)): path.stat().st_size
             for path in root.rglob("*") if path.is_file() and not path.is_symlink()}
    largest = sorted(sizes, key=sizes.get, reverse=True)[:6]
    findings.at_most("megabytes", round(sum(sizes.values()) / 1e6, 1), MOST_MEGABYTES)
    findings.note(largest_megabytes={path: round(sizes[path] / 1e6, 1) for path in largest})
    findings.equal("shells", [path for path in sizes if pathlib.Path(path).name in ("sh", "bash", "dash", "busybox")], [])


def check_root(image, findings):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve() / "root"
        image.extract(root)
        check_sbom(image, root, findings)
        check_files(root, findings)


def check_service(image, findings):
    with Container(image) as container:
        server = f"--server={container.address}"
        check = image.configuration()["Healthcheck"]["Test"]
        healthy = lambda: image.run(*check[1:], server)[0] == 0
        findings.note(seconds_until_healthy=await_true(healthy, timeout=60, interval=0.1))
        if restrictions := container.restrictions():
            findings.equal("restrictions", restrictions,
                           {"uid": "65532", "capabilities": 0, "no_new_privileges": "1", "root": "ro"})
        status, reply = image.run("verdict", "classify", "--json", server, SENTENCE)
        findings.equal("classified", (status, json.loads(reply)["label"]), (0, LABEL))
        load = subprocess.Popen(
            image.command("verdict", "load", server, "--rate=100", "--duration=6s", "--quiet", "--json=-", "--attempts=1"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        time.sleep(3)
        findings.equal("exit_status_after_sigterm", container.stop(), 0)
        codes = json.loads(load.communicate(timeout=60)[0])["summary"]["codes"]
        findings.note(codes=codes)
        findings.at_least("answered_before", codes.get("OK", 0), 1)
        findings.equal("codes_after", sorted(set(codes) - {"OK", "UNAVAILABLE"}), [])
        drained = [json.loads(line) for line in container.log_text().splitlines() if '"drained"' in line]
        findings.equal("drained", [line["unfinished_texts"] for line in drained], [0])
        findings.equal("health_of_an_ended_server", image.run(*check[1:], server)[0], 3)


def test(options, findings):
    if not options.tool:
        script.skip("neither docker nor podman is installed")
    image = Image(options.tool, built(options), options.run_option)
    check_configuration(image, findings)
    check_root(image, findings)
    check_service(image, findings)


script.run(__doc__, test, add_options, time_limit=3 * 3600, starts_programs=False)
