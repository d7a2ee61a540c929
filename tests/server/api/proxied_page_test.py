#!/usr/bin/env python3
"""The status page in a real Chromium behind nginx as it is by default (it sends its upstream's name
as Host), behind a prefix, and over a Unix socket: it works, and a page of another origin does not.

Usage: proxied_page_test.py VERDICTD MODEL_DIRECTORY. Exits with 77 where Chromium, Selenium or nginx
is not installed.
"""

import socket
import subprocess
import tempfile
import time

import page

NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log stderr error;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{plain};
    location / {{ proxy_pass {origin}; }}
  }}
  server {{
    listen 127.0.0.1:{prefixed};
    location /models/sst2/ {{ proxy_pass {origin}/; }}
  }}
  server {{
    listen 127.0.0.1:{unix};
    location / {{ proxy_pass http://unix:{folder}/http; }}
  }}
}}
"""


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class ProxiedPageTest(page.PageTest):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.OPTIONS = (f"--http-address=unix:{folder}/http",)
        super().setUpClass()
        cls.ports = {way: free_port() for way in ("plain", "prefixed", "unix")}
        with open(f"{folder}/nginx.conf", "w") as file:
            file.write(NGINX.format(folder=folder, origin=cls.server.origin, **cls.ports))
        nginx = subprocess.Popen(["nginx", "-e", "stderr", "-c", f"{folder}/nginx.conf"])
        cls.addClassCleanup(nginx.wait)
        cls.addClassCleanup(nginx.terminate)
        deadline = time.monotonic() + page.PATIENCE_SECONDS
        for port in cls.ports.values():
            while not cls.listens(port):
                assert time.monotonic() < deadline and nginx.poll() is None, "nginx does not listen"

    @staticmethod
    def listens(port):
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", port)) == 0

    def url(self, way):
        return f"http://127.0.0.1:{self.ports[way]}" + ("/models/sst2" * (way == "prefixed"))

    def test_the_page_works_behind_every_proxy(self):
        for way in self.ports:
            with self.subTest(way):
                self.browser.get(self.url(way) + "/")
                self.await_(lambda: self.read("state") == "Ready", "the page says Ready")
                self.classify("A warm, funny film with a brilliant cast.")
                self.assertEqual(self.read("label"), "POSITIVE", self.read("failure"))

    def test_a_page_of_another_origin_cannot_post_through_them(self):
        before = self.server.started("Classify")
        with page.EvilSite() as evil:
            for way in self.ports:
                with self.subTest(way):
                    self.browser.get("about:blank")
                    self.browser.get(evil.url(self.url(way)))
                    self.await_(lambda: self.browser.title == "refused sent", "both posts ended")
        self.assertEqual(self.server.started("Classify"), before)


if __name__ == "__main__":
    page.main(("nginx", "nginx"))
