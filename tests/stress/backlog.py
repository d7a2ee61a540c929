"""Work that a server is busy with: calls without a deadline, of texts that are all different."""
import time

import http2

CALIBRATION_WORDS = 6000
# Options of a server that takes any backlog.
UNBOUNDED = ("--max-texts-in-flight", "1000000", "--max-queue-tokens", "100000000")


class Backlog:
    """Makes calls on a connection of its own; no text of the same number of words comes twice in
    its life."""

    def __init__(self, port, words=18):
        self.words = words
        # gRPC's limit of concurrent streams binds those who acknowledge it, and would end this
        # connection.
        self.connection = http2.Connection(port, acknowledge=False)
        self.made = 0
        self.rate = max(self._measure() for _ in range(3))  # texts a second; slower is only disturbed

    def texts(self, count):
        start, self.made = self.made, self.made + count
        return http2.distinct_texts(count, start, self.words)

    def fill(self, seconds):
        """The streams of as many calls as the server is busy with for about so long."""
        return self.connection.call_all(self.texts(max(20, int(self.rate * seconds))))

    def _measure(self):
        start = time.monotonic()
        texts = CALIBRATION_WORDS // self.words
        self.connection.await_answers(self.connection.call_all(self.texts(texts)), timeout=60)
        return texts / (time.monotonic() - start)
