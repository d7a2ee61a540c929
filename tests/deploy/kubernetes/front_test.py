#!/usr/bin/env python3
"""The front's nginx.conf before a real verdictd: calls over TLS go through, and plain text does
not.

Usage: front_test.py --verdictd PROGRAM --verdict PROGRAM. Ends with 77 where nginx or openssl is
missing.
"""
import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from check import DEMO
from manifests import KUBERNETES, skip

ARGUMENTS = None
CONFIGURATION = os.path.join(KUBERNETES, "components/front/nginx.conf")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until_listening(port, process):
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)  # polls a process that has no other way to tell
    raise RuntimeError(f"{process.args[0]} does not listen")


class Front(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-keyout", f"{self.folder}/tls.key", "-out", f"{self.folder}/tls.crt"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        behind, self.port = free_port(), free_port()
        self.start(behind, [ARGUMENTS.verdictd, f"--model={DEMO}", f"--grpc-address=127.0.0.1:{behind}",
                            "--http-address=127.0.0.1:0", "--threads=1"])
        with open(CONFIGURATION) as file:
            text = file.read()
        # Nothing but where things are: the pod's ports and files are not this machine's.
        # /tmp first, as the folder may be there.
        for pattern, here in (("/tmp/", f"{self.folder}/"), (r"0\.0\.0\.0:8443", f"127.0.0.1:{self.port}"),
                              (r"127\.0\.0\.1:50051", f"127.0.0.1:{behind}"), ("/tls/", f"{self.folder}/")):
            text, count = re.subn(pattern, here, text)
            self.assertGreater(count, 0, pattern)
        with open(f"{self.folder}/nginx.conf", "w") as file:
            file.write(text)
        self.start(self.port, ["/usr/sbin/nginx", "-e", "stderr", "-c", f"{self.folder}/nginx.conf"])

    def start(self, port, command):
        with open(f"{self.folder}/log", "a") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        until_listening(port, process)

    def classify(self, *options):
        # By its address: c-ares, which looks names up, leaks a few bytes that LeakSanitizer sees.
        return subprocess.run(
            [ARGUMENTS.verdict, "classify", f"--server=127.0.0.1:{self.port}", "--timeout=30s", *options,
             "A warm, funny film with a brilliant cast."], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def test_lets_calls_over_tls_through_and_no_others(self):
        answered = self.classify(f"--tls-ca={self.folder}/tls.crt", "--tls-server-name=localhost", "--wait")
        self.assertEqual(answered.returncode, 0, answered.stdout)
        self.assertIn("POSITIVE", answered.stdout)
        self.assertNotEqual(self.classify("--attempts=1").returncode, 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verdictd", required=True)
    parser.add_argument("--verdict", required=True)
    ARGUMENTS, rest = parser.parse_known_args()
    for program, package in (("/usr/sbin/nginx", "nginx"), ("openssl", "openssl")):
        if shutil.which(program) is None:
            skip(f"{program} is not installed (package {package})")
    unittest.main(argv=[sys.argv[0], *rest])
