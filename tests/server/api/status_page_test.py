#!/usr/bin/env python3
"""The status page in a real Chromium, in front of a real verdictd.

Usage: status_page_test.py VERDICTD MODEL_DIRECTORY. Exits with 77 where Chromium or Selenium is not
installed. VERDICT_SCREENSHOTS names a folder for pictures of the page, to be looked at.
"""

import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request

SKIPPED = 77
PATIENCE_SECONDS = 30
HOSTILE_LABEL = "<img src=x onerror=window.hacked=1>"

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import Select, WebDriverWait
except ImportError:
    webdriver = None


class Verdictd:
    """A server on free ports of 127.0.0.1 with the model's first label changed to markup."""

    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory()
        model = pathlib.Path(self.folder.name) / "hostile"
        shutil.copytree(MODEL, model)
        config = json.loads((model / "config.json").read_text())
        config["id2label"]["0"] = HOSTILE_LABEL
        config["label2id"] = {label: int(index) for index, label in config["id2label"].items()}
        (model / "config.json").write_text(json.dumps(config))
        self.token_file = pathlib.Path(self.folder.name) / "tokens"
        self.token_file.write_text("let-me-in-0123456789\n")
        arguments = ["--model", model, "--grpc-address=127.0.0.1:0", "--http-address=127.0.0.1:0", *options]
        self.process = subprocess.Popen(
            [VERDICTD, *(str(argument).format(token_file=self.token_file) for argument in arguments)],
            stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if serving := re.search(r" http=(\S+)", line):
                self.origin = f"http://{serving[1]}"
                return
        raise RuntimeError("verdictd ended before it served")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self.folder.cleanup()

    def started(self, method):
        with urllib.request.urlopen(f"{self.origin}/metrics") as page:
            series = rf'^grpc_server_started_total{{grpc_method="{method}".*}} (\d+)'
            return int(re.search(series, page.read().decode(), re.MULTILINE)[1])

    def classify(self, text):
        body = json.dumps({"input": {"text": text}}).encode()
        request = urllib.request.Request(
            f"{self.origin}/v1/classify", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)


class EvilPage(http.server.BaseHTTPRequestHandler):
    """A page of another origin that posts to the one its address names, as a page may and as it may
    not."""

    SCRIPT = """<!doctype html><script>
      const target = decodeURIComponent(location.hash.slice(1)) + "/v1/classify";
      const body = JSON.stringify({input: {text: "good"}});
      const post = options => fetch(target, {method: "POST", body, ...options}).then(() => "sent", () => "refused");
      Promise.all([post({headers: {"Content-Type": "application/json"}}), post({mode: "no-cors"})])
        .then(outcomes => { document.title = outcomes.join(" "); });
    </script>"""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.SCRIPT.encode())

    def log_message(self, *_):
        pass


def open_browser():
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    options.add_argument("--headless=new")
    options.add_argument("--window-size=1280,1000")
    options.add_argument("--disable-dev-shm-usage")
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium's own is not for root
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)


class PageTest(unittest.TestCase):
    OPTIONS = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Verdictd(*cls.OPTIONS)
        cls.addClassCleanup(cls.server.close)
        cls.browser = open_browser()
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        self.browser.get_log("browser")
        self.browser.get_log("performance")
        self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        self.media("light")
        self.browser.get(self.server.origin)
        self.await_(lambda: self.read("state") == "Ready", "the page says Ready")

    def await_(self, condition, what):
        WebDriverWait(self.browser, PATIENCE_SECONDS, poll_frequency=0.05).until(lambda _: condition(), what)

    def find(self, id):
        return self.browser.find_element(By.ID, id)

    def read(self, id):
        return self.find(id).text

    def number(self, id):
        return float(self.read(id)) if re.fullmatch(r"[\d.]+", self.read(id)) else 0.0

    def js(self, script):
        return self.browser.execute_script(f"return {script}")

    def media(self, scheme):
        self.browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def classify(self, text, pair=None, truncation=None):
        self.browser.execute_script("arguments[0].value = arguments[1]", self.find("text"), text)
        if self.find("has-pair").is_selected() != (pair is not None):
            self.find("has-pair").click()
        if pair is not None:
            self.find("pair").send_keys(pair)
        if truncation is not None:
            Select(self.find("truncation")).select_by_value(truncation)
        self.find("classify").click()
        self.await_(lambda: self.find("classify").is_enabled() and
                    (self.find("answer").is_displayed() or self.find("failure").is_displayed()), "an outcome")

    def cut(self):
        """Of each token shown, whether it is shown as cut off."""
        return self.js("Array.from(document.querySelectorAll('#tokens > *'), e => e.tagName === 'DEL')")

    def screenshot(self, name, width, height):
        folder = os.environ.get("VERDICT_SCREENSHOTS")
        if not folder:
            return
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 2, "mobile": width < 600})
        self.browser.save_screenshot(f"{folder}/{name}.png")


class StatusPageTest(PageTest):
    def test_names_the_model_and_how_it_runs(self):
        self.assertEqual(self.read("model-name"), "hostile")
        self.assertEqual(self.read("precision"), "f32")
        self.assertEqual(self.read("max-tokens"), "512")
        self.assertRegex(self.read("uptime"), r"^\d+ (s|min)")

    def test_figures_move_with_the_load(self):
        ended = threading.Event()

        def load():
            while not ended.is_set():
                self.server.classify("A warm, funny film with a brilliant cast.")

        callers = [threading.Thread(target=load) for _ in range(4)]
        for caller in callers:
            caller.start()
        try:
            for figure in ("texts-rate", "tokens-rate", "cpu", "p99"):
                self.await_(lambda: self.number(figure) > 0, f"{figure} moves")
            self.await_(lambda: self.js("document.querySelectorAll('#batches li:not(.none)').length > 0"), "a batch")
            self.await_(lambda: self.js("document.querySelector('#texts-line .line') !== null"), "a chart")
            if os.environ.get("VERDICT_SCREENSHOTS"):
                self.await_(lambda: self.js("document.querySelector('#texts-line .line').getAttribute('d').length") > 130, "a longer chart")
            self.classify("It begins well, and then it goes on for ever. " * 50, truncation="HEAD_TAIL")
            for scheme in ("light", "dark"):
                self.media(scheme)
                self.screenshot(scheme, 1280, 960)
                self.screenshot(f"phone-{scheme}", 360, 1900)
        finally:
            ended.set()
            for caller in callers:
                caller.join()

    def test_shows_what_the_server_says_of_a_text(self):
        text = "A warm, funny film with a brilliant cast."
        expected = self.server.classify(text)
        self.classify(text)
        self.assertEqual(self.read("label"), expected["label"])
        self.assertEqual(self.read("score"), f"{expected['score']:.4f}")
        self.assertEqual(len(self.browser.find_elements(By.CSS_SELECTOR, "#scores li")), 2)
        self.assertEqual(self.cut(), [False] * expected["tokens"]["total"])
        self.assertRegex(self.read("total-time"), r"^[\d.]+ ms in the server$")

    def test_a_pair_is_two_texts(self):
        self.classify("good film", pair="bad film")
        self.assertEqual(self.read("tokens").split(),
                         ["[CLS]", "good", "film", "[SEP]", "bad", "film", "[SEP]"])

    def test_shows_which_tokens_were_cut(self):
        text = "good " * 600  # 602 tokens, of which 512 fit
        kept = {"RIGHT": [0] * 511 + [1] * 90 + [0], "LEFT": [0] + [1] * 90 + [0] * 511,
                "HEAD_TAIL": [0] * 129 + [1] * 90 + [0] * 383}
        for truncation, expected in kept.items():
            self.classify(text, truncation=truncation)
            self.assertEqual(self.cut(), [bool(cut) for cut in expected], truncation)
            self.assertEqual(self.read("token-count"), "602, of which 90 cut")

    def test_a_refusal_is_shown_with_its_reason(self):
        self.classify("good " * 600, truncation="ERROR")
        self.assertEqual(self.read("failure"),
                         "400: input: the input has 602 tokens, the limit is 512 (the model's "
                         "max_position_embeddings); options.truncation RIGHT, LEFT or HEAD_TAIL cuts it")
        self.assertFalse(self.find("answer").is_displayed())

    def test_markup_in_labels_and_texts_is_text(self):
        self.classify("<script>window.hacked=1</script><img src=x onerror=window.hacked=1> bad film")
        self.assertIn(HOSTILE_LABEL, self.read("scores"))
        self.assertIn("script", self.read("tokens"))
        self.assertTrue(self.js("window.hacked === undefined"))
        self.assertEqual(self.js("document.querySelectorAll('main img, main script').length"), 0)

    def test_follows_the_light(self):
        luminance = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((a, b) => a + +b, 0)"
        self.assertGreater(self.js(luminance), 650)
        self.media("dark")
        self.assertLess(self.js(luminance), 120)

    def test_fits_a_phone(self):
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True})
        self.classify("pneumonoultramicroscopicsilicovolcanoconiosis " * 20)
        self.assertLessEqual(self.js("document.documentElement.scrollWidth"), 360)

    def test_every_field_has_a_name(self):
        unnamed = "Array.from(document.querySelectorAll('input, select, textarea')).filter(e => e.labels.length === 0).length"
        self.assertEqual(self.js(unnamed), 0)

    def test_the_browser_has_nothing_to_complain_of_and_asks_nobody_else(self):
        self.classify("good film", pair="bad film")
        self.assertEqual([entry for entry in self.browser.get_log("browser") if entry["level"] != "DEBUG"], [])
        messages = (json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance"))
        urls = {message["params"]["request"]["url"] for message in messages
                if message["method"] == "Network.requestWillBeSent"}
        self.assertGreater(len(urls), 5)
        self.assertEqual([url for url in urls if not url.startswith(self.server.origin + "/")], [])

    def test_a_page_of_another_origin_cannot_post(self):
        evil = http.server.ThreadingHTTPServer(("127.0.0.1", 0), EvilPage)
        threading.Thread(target=evil.serve_forever).start()
        before = self.server.started("Classify")
        try:
            self.browser.get(f"http://127.0.0.1:{evil.server_port}/#{self.server.origin}")
            # What needs no leave is sent, and its answer is hidden from the page: a 403.
            self.await_(lambda: self.browser.title == "refused sent", "both posts ended")
        finally:
            evil.shutdown()
            evil.server_close()
        self.assertEqual(self.server.started("Classify"), before)


class TokenTest(PageTest):
    OPTIONS = ("--auth-token-file={token_file}",)

    def test_a_server_that_wants_a_token_is_given_it(self):
        self.await_(lambda: self.find("token").is_displayed(), "a field for the token")
        self.assertEqual(self.read("max-tokens"), "–")
        self.classify("good film")
        self.assertTrue(self.read("failure").startswith("401: "))
        self.find("token").send_keys("let-me-in-0123456789")
        self.classify("good film")
        self.assertEqual(self.read("label"), "POSITIVE")
        self.await_(lambda: self.read("max-tokens") == "512", "the model's facts")
        self.assertEqual(self.js("localStorage.length + sessionStorage.length + document.cookie.length"), 0)


if __name__ == "__main__":
    VERDICTD, MODEL = sys.argv[1:3]
    for missing, package in ((webdriver is None, "python3-selenium"), (shutil.which("chromium") is None, "chromium"),
                             (shutil.which("chromedriver") is None, "chromium-driver")):
        if missing:
            print(f"skipped: {package} is not installed")
            sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
