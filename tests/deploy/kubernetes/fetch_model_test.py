#!/usr/bin/env python3
"""The init container of model-from-url, run here: what it fetches is served, and what is not the
model is refused.

Usage: fetch_model_test.py --verdictd PROGRAM. Ends with 77 where curl is missing.
"""
import argparse
import functools
import http.server
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

from check import DEMO
from manifests import KUBERNETES, skip

VERDICTD = None
COMPONENT = os.path.join(KUBERNETES, "components/model-from-url")


class Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append(os.path.basename(self.path))
        super().do_GET()


class FetchModel(unittest.TestCase):
    """`origin` is served as models.example.com would; `source` is the ConfigMap and `target` the
    volume."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.origin, self.source, self.target = (os.path.join(folder.name, name) for name in ("origin", "source", "target"))
        shutil.copytree(DEMO, self.origin, ignore=shutil.ignore_patterns("training"))
        os.mkdir(self.source)
        os.mkdir(self.target)
        for name in ("SHA256SUMS", "fetch.sh"):
            shutil.copy(os.path.join(COMPONENT, name), self.source)
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Files, directory=self.origin))
        self.server.asked = []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        with open(os.path.join(self.source, "MODEL_URL"), "w") as file:
            file.write(f"http://127.0.0.1:{self.server.server_port}")

    def fetch(self):
        return subprocess.run(["sh", f"{self.source}/fetch.sh", self.source, self.target], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)

    def test_brings_a_model_that_verdictd_loads(self):
        fetched = self.fetch()
        self.assertEqual(fetched.returncode, 0, fetched.stdout)
        # A port that cannot be listened on: it says so after the model is loaded, and ends.
        started = subprocess.run([VERDICTD, f"--model={self.target}", "--grpc-address=192.0.2.1:1", "--threads=1"],
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertIn("model loaded", started.stdout)
        self.assertIn("cannot listen", started.stdout)

    def test_fetches_again_only_what_is_missing_or_wrong(self):
        self.assertEqual(self.fetch().returncode, 0)
        self.server.asked.clear()
        os.remove(f"{self.target}/config.json")
        with open(f"{self.target}/tokenizer.json", "a") as file:
            file.write("cut off here")
        self.assertEqual(self.fetch().returncode, 0)
        self.assertEqual(sorted(self.server.asked), ["config.json", "tokenizer.json"])

    def test_refuses_a_file_of_another_sum(self):
        with open(f"{self.origin}/model.safetensors", "r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"\x7f")
        refused = self.fetch()
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("model.safetensors: FAILED", refused.stdout)

    def test_refuses_a_file_that_is_not_there(self):
        os.remove(f"{self.origin}/tokenizer.json")
        self.assertNotEqual(self.fetch().returncode, 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verdictd", required=True)
    arguments, rest = parser.parse_known_args()
    VERDICTD = arguments.verdictd
    for program, package in (("curl", "curl"), ("sha256sum", "coreutils")):
        if shutil.which(program) is None:
            skip(f"{program} is not installed (package {package})")
    unittest.main(argv=[sys.argv[0], *rest])
