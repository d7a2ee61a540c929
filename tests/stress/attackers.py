"""Who makes a server's day bad. Each is a process of its own, which mostly gives way to others, so
that it takes no time of a good caller's."""
import collections
import multiprocessing
import os
import time

import http2

PART_BYTES = 1 << 18  # in one go


class Attacker(multiprocessing.Process):
    """Does `attack` from entering the context of Attackers until it is left, and counts what
    COUNTED names."""

    COUNTED = ()

    def __init__(self, niceness=19):
        super().__init__(daemon=True)
        self.niceness = niceness
        self._counts = {name: multiprocessing.Value("q", 0, lock=False) for name in self.COUNTED}

    def run(self):
        os.nice(self.niceness)
        self.attack()

    def attack(self):
        raise NotImplementedError

    def count(self, name, more=1):
        self._counts[name].value += more

    def counts(self):
        return collections.Counter({name: count.value for name, count in self._counts.items() if count.value})


class Attackers:
    """Several, at work from entering the context until it is left."""

    def __init__(self, *attackers):
        self.attackers = attackers

    def __enter__(self):
        for attacker in self.attackers:
            attacker.start()
        return self

    def __exit__(self, *_):
        for attacker in self.attackers:
            attacker.terminate()
        for attacker in self.attackers:
            attacker.join()

    def counts(self):
        """Of all together."""
        return dict(sum((attacker.counts() for attacker in self.attackers), collections.Counter()))


class Uploads(Attacker):
    """Calls of one connection, each of which sends `body` as far as the server takes it. The calls
    stay open.

    `body` has gRPC's prefix. `finished`: a call that has sent all of it has nothing more to say.
    """

    COUNTED = ("sent_bytes", "replies", "lost", "ended_otherwise",
               *(f"RST {code}" for code in range(14)), *(f"status {code}" for code in range(17)))

    def __init__(self, port, calls, body, method="Classify", finished=True):
        super().__init__()
        self.port = port
        self.calls = calls
        self.body = body
        self.method = method
        self.finished = finished

    def attack(self):
        connection = http2.Connection(self.port)
        sent, replied, ended = {}, set(), set()
        for _ in range(self.calls):
            stream = connection.new_stream()
            connection.send(connection.headers(stream, http2.request_headers(self.method)))
            sent[stream] = 0
        while not connection.closed:
            for stream, at in sent.items():
                answer = connection.answers.get(stream, http2.Answer())
                if answer.ended_at is None:
                    sent[stream] += self._send_part(connection, stream, at)
                elif stream not in ended:
                    ended.add(stream)
                    self.count(str(answer) if str(answer) in self.COUNTED else "ended_otherwise")
                if answer.body and stream not in replied:
                    replied.add(stream)
                    self.count("replies")
            time.sleep(0.05)
        self.count("lost", len(sent.keys() - ended))

    def _send_part(self, connection, stream, at):
        size = min(PART_BYTES, len(self.body) - at, connection.room(stream))
        if size <= 0:
            return 0
        connection.windows[0] -= size
        connection.windows[stream] -= size
        ends = self.finished and at + size == len(self.body)
        connection.send(http2.data(stream, self.body[at:at + size], *(("END_STREAM",) if ends else ())))
        self.count("sent_bytes", size)
        return size
