#!/usr/bin/env python3
"""The init container of model-from-url, run here: what it fetches is served, what is not the model
is refused, and a server that stalls, cuts and lies is borne for as long as it gets further.

Usage: fetch_model_test.py --verdictd PROGRAM. Ends with 77 where curl is missing.
"""
import argparse
import http.server
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from check import DEMO
from manifests import KUBERNETES, skip

VERDICTD = None
COMPONENT = os.path.join(KUBERNETES, "components/model-from-url")


class Files(http.server.BaseHTTPRequestHandler):
    """A server of files that resumes, but for what `server.faults` has for a file: what is done at
    its next requests, one after the other, instead of an answer.
    """

    def log_message(self, *_):
        pass

    def do_GET(self):
        name = os.path.basename(self.path)
        start = int((self.headers.get("Range") or "bytes=0-")[len("bytes=") : -1])
        self.server.asked.append((name, start))
        self.close_connection = True
        path = os.path.join(self.server.origin, name)
        if not os.path.exists(path):
            return self.send_error(404)
        with open(path, "rb") as file:
            body = file.read()
        faults = self.server.faults.get(name)
        if faults:
            return faults.pop(0)(self, body, start)
        if start >= len(body):
            return self.send_error(416)
        self.answer(body, start)

    def answer(self, body, start=0, sent=None):
        """`body` from `start` on, of which `sent` bytes come, whatever the length says."""
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        self.wfile.write(body[start:][:sent])
        self.wfile.flush()


# Faults: functions of the handler, the body and the byte from which on it is asked for.
def silent(handler, *_):
    handler.server.ended.wait()


def stalls(handler, body, start):
    handler.answer(body, start, sent=(len(body) - start) // 2)
    handler.server.ended.wait()


def cuts(handler, body, start):
    handler.answer(body, start, sent=(len(body) - start) // 2)


def cuts_and_never_resumes(handler, body, _):
    handler.answer(body, sent=len(body) // 2)


def lies(handler, body, start):
    handler.answer(body[:-1] + bytes([body[-1] ^ 1]), start)


def lies_about_the_length(handler, body, _):
    handler.answer(body[: len(body) // 2])


def is_down(handler, *_):
    handler.send_error(503)


class FetchModel(unittest.TestCase):
    """`origin` is served as models.example.com would; `source` is the ConfigMap and `target` the
    volume.
    """

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.origin, self.source, self.target = (
            os.path.join(folder.name, name) for name in ("origin", "source", "target")
        )
        shutil.copytree(DEMO, self.origin, ignore=shutil.ignore_patterns("training"))
        os.mkdir(self.source)
        os.mkdir(self.target)
        for name in ("SHA256SUMS", "fetch.sh"):
            shutil.copy(os.path.join(COMPONENT, name), self.source)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
        self.server.daemon_threads = True
        self.server.origin = self.origin
        self.server.asked = []
        self.server.faults = {}
        self.server.ended = threading.Event()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.addCleanup(self.server.ended.set)
        with open(os.path.join(self.source, "MODEL_URL"), "w") as file:
            file.write(f"http://127.0.0.1:{self.server.server_port}/\n")

    def fetch(self):
        return subprocess.run(
            ["sh", f"{self.source}/fetch.sh", self.source, self.target],
            env={**os.environ, "FETCH_STALL_SECONDS": "1", "FETCH_PAUSE_SECONDS": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def asked(self, file):
        """From which bytes on the server was asked for it."""
        return [start for name, start in self.server.asked if name == file]

    def assert_fetched(self):
        fetched = self.fetch()
        self.assertEqual(fetched.returncode, 0, fetched.stdout)
        self.assertEqual(
            sorted(os.listdir(self.target)),
            ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"],
        )

    def assert_refused(self, why):
        refused = self.fetch()
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn(why, refused.stdout)

    def test_brings_a_model_that_verdictd_loads(self):
        fetched = self.fetch()
        self.assertEqual(fetched.returncode, 0, fetched.stdout)
        # A port that cannot be listened on: it says so after the model is loaded, and ends.
        started = subprocess.run(
            [VERDICTD, f"--model={self.target}", "--grpc-address=192.0.2.1:1", "--threads=1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.assertIn("model loaded", started.stdout)
        self.assertIn("cannot listen", started.stdout)

    def test_run_twice_it_fetches_once(self):
        self.assert_fetched()
        self.server.asked.clear()
        self.assert_fetched()
        self.assertEqual(self.server.asked, [])

    def test_fetches_again_only_what_is_missing_or_wrong(self):
        self.assert_fetched()
        self.server.asked.clear()
        os.remove(f"{self.target}/config.json")
        with open(f"{self.target}/tokenizer.json", "a") as file:
            file.write("cut off here")
        self.assert_fetched()
        self.assertEqual(sorted(self.server.asked), [("config.json", 0), ("tokenizer.json", 0)])

    def test_a_last_line_without_its_end_is_a_line(self):
        path = f"{self.source}/SHA256SUMS"
        with open(path) as file:
            lines = file.read().rstrip("\n")
        with open(path, "w") as file:
            file.write(lines)
        self.assert_fetched()

    def test_resumes_what_is_cut_for_as_long_as_it_gets_further(self):
        size = os.path.getsize(f"{self.origin}/model.safetensors")
        self.server.faults["model.safetensors"] = [cuts] * 8
        self.assert_fetched()
        asked = self.asked("model.safetensors")
        self.assertEqual(len(asked), 9)
        self.assertEqual(asked[:3], [0, size // 2, size // 2 + (size - size // 2) // 2])

    def test_leaves_a_server_that_stalls_and_resumes(self):
        self.server.faults["model.safetensors"] = [silent, stalls]
        started = time.monotonic()
        self.assert_fetched()
        self.assertLess(time.monotonic() - started, 30)
        asked = self.asked("model.safetensors")
        self.assertEqual(asked[:2], [0, 0])
        self.assertGreater(asked[2], 0)

    def test_begins_anew_where_the_server_does_not_resume(self):
        self.server.faults["model.safetensors"] = [cuts, cuts_and_never_resumes, Files.answer]
        self.assert_fetched()
        asked = self.asked("model.safetensors")
        self.assertEqual(asked[0], 0)
        self.assertEqual(asked[2], 0)

    def test_gives_up_when_nothing_comes_any_more(self):
        self.server.faults["model.safetensors"] = [cuts_and_never_resumes] * 50
        self.assert_refused("model.safetensors: given up after 6 tries that brought nothing")

    def test_waits_for_a_server_that_is_down(self):
        self.server.faults["config.json"] = [is_down] * 3
        self.assert_fetched()

    def test_a_lie_is_found_out_and_asked_for_again(self):
        for lie in (lies, lies_about_the_length):
            with self.subTest(lie.__name__):
                for name in os.listdir(self.target):
                    os.remove(f"{self.target}/{name}")
                self.server.asked.clear()
                self.server.faults["model.safetensors"] = [lie]
                self.assert_fetched()
                self.assertEqual(self.asked("model.safetensors"), [0, 0])

    def test_refuses_a_file_of_another_sum(self):
        self.server.faults["model.safetensors"] = [lies] * 50
        self.assert_refused("model.safetensors: FAILED")
        self.assertEqual(self.asked("model.safetensors"), [0, 0])
        self.assertNotIn("model.safetensors", os.listdir(self.target))

    def test_throws_away_a_part_that_is_longer_than_the_file(self):
        with open(f"{self.target}/config.json.part", "wb") as file:
            file.write(b" " * 100_000)
        self.assert_fetched()

    def test_refuses_a_file_that_is_not_there_at_once(self):
        os.remove(f"{self.origin}/tokenizer.json")
        self.assert_refused("tokenizer.json: the server says 404")
        self.assertEqual(self.asked("tokenizer.json"), [0])

    def test_refuses_sums_of_files_elsewhere(self):
        for name in ("../config.json", "/etc/passwd", ".profile"):
            with open(f"{self.source}/SHA256SUMS", "w") as file:
                file.write(f"{'0' * 64}  {name}\n")
            self.assert_refused("is no sum and name of a file")
        self.assertEqual(self.server.asked, [])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verdictd", required=True)
    arguments, rest = parser.parse_known_args()
    VERDICTD = arguments.verdictd
    for program, package in (("curl", "curl"), ("sha256sum", "coreutils")):
        if shutil.which(program) is None:
            skip(f"{program} is not installed (package {package})")
    unittest.main(argv=[sys.argv[0], *rest])
