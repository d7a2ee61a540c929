"""The status page in a real Chromium: what its tests share. See main for their usage."""

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
        arguments = [
            "--model",
            model,
            "--grpc-address=127.0.0.1:0",
            "--http-address=127.0.0.1:0",
            *options,
        ]
        self.process = subprocess.Popen(
            [
                VERDICTD,
                *(str(argument).format(token_file=self.token_file) for argument in arguments),
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        for line in self.process.stderr:
            if serving := re.search(r" http=(\S+)", line):
                self.origin = "http://" + serving[1].split(",")[0]
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
            f"{self.origin}/v1/classify", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)


class EvilPage(http.server.BaseHTTPRequestHandler):
    """A page of another origin that posts to the one its address names, as a page may and as it may
    not.
    """

    SCRIPT = """<!doctype html><script>
      const target = decodeURIComponent(location.hash.slice(1)) + "/v1/classify";
      const body = JSON.stringify({input: {text: "good"}});
      const post = options => fetch(target, {method: "POST", body, ...options})
        .then(() => "sent", () => "refused");
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
        WebDriverWait(self.browser, PATIENCE_SECONDS, poll_frequency=0.05).until(
            lambda _: condition(), what
        )

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
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )

    def classify(self, text, pair=None, truncation=None):
        self.browser.execute_script("arguments[0].value = arguments[1]", self.find("text"), text)
        if self.find("has-pair").is_selected() != (pair is not None):
            self.find("has-pair").click()
        if pair is not None:
            self.find("pair").send_keys(pair)
        if truncation is not None:
            Select(self.find("truncation")).select_by_value(truncation)
        self.find("classify").click()
        self.await_(
            lambda: self.find("classify").is_enabled()
            and (self.find("answer").is_displayed() or self.find("failure").is_displayed()),
            "an outcome",
        )

    def cut(self):
        """Of each token shown, whether it is shown as cut off."""
        return self.js(
            "Array.from(document.querySelectorAll('#tokens > *'), e => e.tagName === 'DEL')"
        )

    def screenshot(self, name, width, height):
        folder = os.environ.get("VERDICT_SCREENSHOTS")
        if not folder:
            return
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": width < 600},
        )
        self.browser.save_screenshot(f"{folder}/{name}.png")


class EvilSite:
    """EvilPage on a free port, from entering the context until it is left."""

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), EvilPage)
        threading.Thread(target=self.server.serve_forever).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def url(self, target):
        return f"http://127.0.0.1:{self.server.server_port}/#{target}"


def main(*needed):
    """Runs the tests of the program: VERDICTD MODEL_DIRECTORY. Exits with 77 where Chromium, Selenium
    or one of the (program, package) `needed` is not installed.
    """
    global VERDICTD, MODEL
    VERDICTD, MODEL = sys.argv[1:3]
    missing = [package for program, package in needed if shutil.which(program) is None]
    if webdriver is None:
        missing.append("python3-selenium")
    missing += [
        package
        for program, package in (("chromium", "chromium"), ("chromedriver", "chromium-driver"))
        if shutil.which(program) is None
    ]
    if missing:
        print("skipped: not installed:", ", ".join(missing))
        sys.exit(SKIPPED)
    unittest.main(module="__main__", argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
