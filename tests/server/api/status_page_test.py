#!/usr/bin/env python3
"""The status page in a real Chromium, in front of a real verdictd.

Usage: status_page_test.py VERDICTD MODEL_DIRECTORY. Exits with 77 where Chromium or Selenium is not
installed. VERDICT_SCREENSHOTS names a folder for pictures of the page, to be looked at.
"""

import json
import os
import re
import subprocess
import threading

import page


class StatusPageTest(page.PageTest):
    def test_names_the_model_and_how_it_runs(self):
        self.assertEqual(self.read("model-name"), "hostile")
        self.assertEqual(self.read("precision"), "f32")
        self.assertEqual(self.read("max-tokens"), "512")
        self.assertRegex(self.read("uptime"), r"^\d+ (s|min)")
        self.await_(lambda: self.read("revision") != "–", "the model's facts")
        self.assertRegex(self.read("revision"), r"^[0-9a-f]{12}$")
        self.assertEqual(self.read("labels").split("\n"), [page.HOSTILE_LABEL, "POSITIVE"])

    def test_shows_the_options_that_were_set(self):
        self.await_(lambda: self.find("options-card").is_displayed(), "the options")
        shown = dict(
            self.js(
                "Array.from(document.querySelectorAll('#options tr'), row =>"
                " Array.from(row.children, cell => cell.textContent))"
            )
        )
        self.assertEqual(shown["--grpc-address"], "127.0.0.1:0")
        self.assertNotIn("--threads", shown)

    def test_counts_texts_by_what_they_came_to(self):
        self.classify("good " * 600, truncation="ERROR")
        self.await_(lambda: "InvalidArgument" in self.read("outcomes"), "the refused text")

    def test_a_page_that_is_opened_later_has_the_chart_of_before(self):
        for _ in range(20):
            self.server.classify("A warm, funny film with a brilliant cast.")
        scale = "document.querySelector('#texts-scale').textContent"
        self.await_(lambda: self.js(scale) != "", "a chart")
        self.browser.get(self.server.origin)
        points = "document.querySelector('#texts-line .line').getAttribute('d').split(' L').length"
        self.await_(lambda: self.js(scale) != "", "the chart at once")
        self.assertGreaterEqual(self.js(points), 2)

    def test_the_commands_that_it_shows_do_what_the_box_does(self):
        self.classify("It's good; $HOME `film` \"x\"", truncation="LEFT")
        command = self.js("document.getElementById('curl').textContent")
        reply = json.loads(
            subprocess.run(
                ["sh", "-c", f"{command} --silent"], capture_output=True, text=True, check=True
            ).stdout
        )
        self.assertEqual(reply["label"], self.read("label"))
        self.assertEqual(len(self.cut()), reply["tokens"]["total"])
        grpcurl = self.js("document.getElementById('grpcurl').textContent")
        self.assertIn("grpcurl -plaintext", grpcurl)
        self.assertIn("verdict.v1.Classifier/Classify", grpcurl)
        self.find("try").find_element(page.By.XPATH, "//details/summary").click()
        button = self.browser.find_element(page.By.CSS_SELECTOR, "[data-copies=curl]")
        button.click()
        self.await_(lambda: button.text in ("Copied", "Selected"), "a copy")
        self.assertEqual(self.js("getSelection().toString()"), command)

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
            self.await_(
                lambda: self.js("document.querySelectorAll('#batches li:not(.none)').length > 0"),
                "a batch",
            )
            self.await_(
                lambda: self.js("document.querySelector('#texts-line .line') !== null"), "a chart"
            )
            if os.environ.get("VERDICT_SCREENSHOTS"):
                self.await_(
                    lambda: self.js(
                        "document.querySelector('#texts-line .line').getAttribute('d').length"
                    )
                    > 130,
                    "a longer chart",
                )
            self.classify(
                "It begins well, and then it goes on for ever. " * 50, truncation="HEAD_TAIL"
            )
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
        self.assertEqual(len(self.browser.find_elements(page.By.CSS_SELECTOR, "#scores li")), 2)
        self.assertEqual(self.cut(), [False] * expected["tokens"]["total"])
        self.assertRegex(self.read("total-time"), r"^[\d.]+ ms in the server$")

    def test_a_pair_is_two_texts(self):
        self.classify("good film", pair="bad film")
        self.assertEqual(
            self.read("tokens").split(), ["[CLS]", "good", "film", "[SEP]", "bad", "film", "[SEP]"]
        )

    def test_shows_which_tokens_were_cut(self):
        text = "good " * 600  # 602 tokens, of which 512 fit
        kept = {
            "RIGHT": [0] * 511 + [1] * 90 + [0],
            "LEFT": [0] + [1] * 90 + [0] * 511,
            "HEAD_TAIL": [0] * 129 + [1] * 90 + [0] * 383,
        }
        for truncation, expected in kept.items():
            self.classify(text, truncation=truncation)
            self.assertEqual(self.cut(), [bool(cut) for cut in expected], truncation)
            self.assertEqual(self.read("token-count"), "602, of which 90 cut")

    def test_a_refusal_is_shown_with_its_reason(self):
        self.classify("good " * 600, truncation="ERROR")
        self.assertEqual(
            self.read("failure"),
            (
                "400: input has 602 tokens, special ones included; the limit is 512 (the model's "
                "max_position_embeddings): shorten it, or set options.truncation to RIGHT, LEFT or "
                "HEAD_TAIL (--truncation is the server's)"
            ),
        )
        self.assertFalse(self.find("answer").is_displayed())

    def test_markup_in_labels_and_texts_is_text(self):
        self.classify(
            "<script>window.hacked=1</script><img src=x onerror=window.hacked=1> bad film"
        )
        self.assertIn(page.HOSTILE_LABEL, self.read("scores"))
        self.assertIn("script", self.read("tokens"))
        self.assertTrue(self.js("window.hacked === undefined"))
        self.assertEqual(self.js("document.querySelectorAll('main img, main script').length"), 0)

    def test_follows_the_light(self):
        luminance = (
            "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((a, b) => a +"
            " +b, 0)"
        )
        self.assertGreater(self.js(luminance), 650)
        self.media("dark")
        self.assertLess(self.js(luminance), 120)

    def test_fits_a_phone(self):
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True},
        )
        self.classify("pneumonoultramicroscopicsilicovolcanoconiosis " * 20)
        self.assertLessEqual(self.js("document.documentElement.scrollWidth"), 360)

    def test_every_field_has_a_name(self):
        unnamed = (
            "Array.from(document.querySelectorAll('input, select, textarea')).filter(e =>"
            " e.labels.length === 0).length"
        )
        self.assertEqual(self.js(unnamed), 0)

    def test_the_browser_has_nothing_to_complain_of_and_asks_nobody_else(self):
        self.classify("good film", pair="bad film")
        self.assertEqual(
            [entry for entry in self.browser.get_log("browser") if entry["level"] != "DEBUG"], []
        )
        messages = (
            json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")
        )
        urls = {
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        }
        self.assertGreater(len(urls), 5)
        self.assertEqual([url for url in urls if not url.startswith(self.server.origin + "/")], [])

    def test_a_page_of_another_origin_cannot_post(self):
        before = self.server.started("Classify")
        with page.EvilSite() as evil:
            self.browser.get(evil.url(self.server.origin))
            # What needs no leave is sent, and its answer is hidden from the page: a 403.
            self.await_(lambda: self.browser.title == "refused sent", "both posts ended")
        self.assertEqual(self.server.started("Classify"), before)


class TokenTest(page.PageTest):
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
        self.assertEqual(
            self.js("localStorage.length + sessionStorage.length + document.cookie.length"), 0
        )


if __name__ == "__main__":
    page.main()
