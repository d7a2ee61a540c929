"""gRPC over HTTP/2, frame by frame, so that a client can say what no proper client says.

Frames come from hyperframe and header blocks from hpack, which check nothing that we do not ask
them to.
"""
import collections
import dataclasses
import socket
import struct
import threading
import time

import script

try:
    import hpack
    import hyperframe.exceptions
    from hyperframe.frame import (DataFrame, Frame, GoAwayFrame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame,
                                  WindowUpdateFrame)
except ImportError as missing:
    script.skip(f"{missing}: Debian's packages python3-hpack and python3-hyperframe")

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SERVICE = "/verdict.v1.Classifier/"
# Status codes as they stand in grpc-status.
OK, CANCELLED, INVALID_ARGUMENT, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED = "0", "1", "3", "4", "8"
UNIMPLEMENTED, INTERNAL, UNAVAILABLE = "12", "13", "14"


def varint(number):
    """As protocol buffers write a number."""
    more = b""
    while number >= 0x80:
        more += bytes([number & 0x7F | 0x80])
        number >>= 7
    return more + bytes([number])


def field(number, payload):
    """A length-delimited field of a protocol buffer: nearly the only kind that our requests
    need."""
    return bytes([number << 3 | 2]) + varint(len(payload)) + payload


def classify_request(text):
    """The bytes of a ClassifyRequest, and of a TokenizeRequest as well."""
    return field(1, field(1, text if isinstance(text, bytes) else text.encode()))


def message(payload, flag=0, length=None):
    """A gRPC message with its prefix, which may be told to lie."""
    return struct.pack(">BI", flag, len(payload) if length is None else length) + payload


def request_headers(method="Classify", *, timeout=None, without=(), **changed):
    """The headers of a call; `changed` have underscores for hyphens, and pseudo-headers are named
    without a colon."""
    headers = {":method": "POST", ":scheme": "http", ":path": method if method.startswith("/") else SERVICE + method,
               ":authority": "localhost", "te": "trailers", "content-type": "application/grpc"}
    if timeout is not None:
        headers["grpc-timeout"] = timeout
    for name, value in changed.items():
        headers[f":{name}" if f":{name}" in headers else name.replace("_", "-")] = value
    return [(name, value) for name, value in headers.items() if name not in without]


def data(stream, payload, *flags):
    return b"".join(DataFrame(stream, data=payload[at:at + 16384],
                              flags=flags if at + 16384 >= len(payload) else ()).serialize()
                    for at in range(0, max(len(payload), 1), 16384))


def reset(stream, code=8):
    return RstStreamFrame(stream, error_code=code).serialize()


def window_update(stream, increment):
    return WindowUpdateFrame(stream, window_increment=increment).serialize()


@dataclasses.dataclass
class Answer:
    """How a stream ended: with a gRPC status, or by a reset with an HTTP/2 error code, or with its
    connection; of a proxy's own, only with HTTP's status."""

    status: str = None
    reset: int = None
    lost: bool = False
    headers: dict = dataclasses.field(default_factory=dict)  # trailers too
    body: bytes = b""  # DATA as it came, with gRPC's prefix
    ended_at: float = None  # by time.monotonic

    def __str__(self):
        if self.lost or self.ended_at is None:
            return "lost" if self.lost else "no answer"
        if self.status is None and self.reset is None:
            return f"HTTP {self.headers.get(':status')}"
        return f"RST {self.reset}" if self.status is None else f"status {self.status}"


class Connection:
    """One connection. A thread of its own reads whatever comes; a client sends when and what it
    likes."""

    def __init__(self, port, *, preface=PREFACE, settings=None, acknowledge=True, window=1 << 30, greet=True):
        """`acknowledge`: the server's settings. `window`: by how much the connection's window is
        opened at once. `settings` are ours, by their numbers. `greet`: send preface and
        settings."""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(None)
        self.encoder = hpack.Encoder()
        self.decoder = hpack.Decoder()
        self.acknowledge = acknowledge
        self.next_stream = 1
        self.frames = 0
        self.goaway = None  # the error code
        self.last_taken = None  # the last stream that the server knows, as the GOAWAY says
        self.closed = False
        self.windows = collections.defaultdict(int)  # what we may send by stream, 0 the connection, beyond the initial
        self.initial_window = 65535  # of a stream
        self.answers = {}  # of streams that something came for
        self._ended = 0
        self._changed = threading.Condition()
        if greet:
            self.send(preface + SettingsFrame(0, settings=settings or {}).serialize())
            if window:
                self.send(window_update(0, window))
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the server was first
        self.socket.close()

    def send(self, raw):
        """Bytes or a frame; what the server does not want to hear any more is no error of ours."""
        try:
            self.socket.sendall(raw if isinstance(raw, bytes) else raw.serialize())
        except OSError:
            pass

    def new_stream(self):
        stream, self.next_stream = self.next_stream, self.next_stream + 2
        return stream

    def headers(self, stream, headers, *flags):
        return HeadersFrame(stream, data=self.encoder.encode(headers), flags=("END_HEADERS", *flags)).serialize()

    def call_bytes(self, payload, method="Classify", **headers):
        """A new stream's number, and all bytes of a complete call on it."""
        stream = self.new_stream()
        return stream, (self.headers(stream, request_headers(method, **headers)) +
                        data(stream, message(payload), "END_STREAM"))

    def call(self, payload, method="Classify", **headers):
        """Sends a complete call and gives its stream."""
        stream, raw = self.call_bytes(payload, method, **headers)
        self.send(raw)
        return stream

    def call_all(self, texts, **headers):
        """Sends a complete Classify of each text, all in one go, and gives their streams."""
        streams, raw = zip(*[self.call_bytes(classify_request(text), **headers) for text in texts])
        self.send(b"".join(raw))
        return streams

    def ask(self, payload, method="Classify", timeout=5, **headers):
        """A complete call's answer; an empty one if it does not come within `timeout` seconds."""
        stream = self.call(payload, method, **headers)
        return self.await_answers([stream], timeout).get(stream, Answer(lost=self.closed))

    def knows(self, stream):
        """Whether the server may have taken the call. Of one that it has not, any client makes
        another."""
        return self.goaway is None or stream <= self.last_taken

    def send_body(self, stream, payload, timeout):
        """As DATA that ends the stream, at the pace that the server's windows allow; False if it
        was not all wanted."""
        for at in range(0, len(payload), 16384):
            part = payload[at:at + 16384]
            if not self._await(lambda: self.has_ended(stream) or self.closed or self.room(stream) >= len(part), timeout):
                return False
            if self.has_ended(stream) or self.closed:
                return False
            self.windows[0] -= len(part)
            self.windows[stream] -= len(part)
            self.send(data(stream, part, *(("END_STREAM",) if at + 16384 >= len(payload) else ())))
        return True

    def room(self, stream):
        """How many bytes of DATA the server takes now."""
        return min(65535 + self.windows[0], self.initial_window + self.windows[stream])

    def await_answers(self, streams, timeout):
        """The answers of those of `streams` that ended within `timeout` seconds, by stream."""
        streams = list(streams)
        self._await(lambda: self.closed or
                    self._ended >= len(streams) and all(self.has_ended(stream) for stream in streams), timeout)
        with self._changed:
            return {stream: self.answers[stream] for stream in streams if self.has_ended(stream)}

    def await_closed(self, timeout):
        return self._await(lambda: self.closed, timeout)

    def await_frame(self, timeout):
        """Until the server has said anything: its settings come first."""
        return self._await(lambda: self.frames > 0 or self.closed, timeout)

    def _await(self, condition, timeout):
        with self._changed:
            return self._changed.wait_for(condition, timeout)

    def has_ended(self, stream):
        return stream in self.answers and self.answers[stream].ended_at is not None

    def _read(self):
        received = b""
        try:
            while more := self.socket.recv(1 << 18):
                received = self._take_frames(received + more)
        except (OSError, hpack.HPACKError, hyperframe.exceptions.HyperframeError):
            pass
        with self._changed:
            self.closed = True
            for answer in self.answers.values():
                if answer.ended_at is None:
                    answer.lost, answer.ended_at = True, time.monotonic()
                    self._ended += 1
            self._changed.notify_all()

    def _take_frames(self, received):
        at = 0
        with self._changed:
            while len(received) - at >= 9:
                frame, length = Frame.parse_frame_header(memoryview(received)[at:at + 9])
                if len(received) - at - 9 < length:
                    break
                frame.parse_body(memoryview(received)[at + 9:at + 9 + length])
                at += 9 + length
                self.frames += 1
                self._take(frame)
            self._changed.notify_all()
        return received[at:]

    def _take(self, frame):
        if isinstance(frame, SettingsFrame):
            self.initial_window = frame.settings.get(SettingsFrame.INITIAL_WINDOW_SIZE, self.initial_window)
            if "ACK" not in frame.flags and self.acknowledge:
                self.send(SettingsFrame(0, flags=("ACK",)))
        elif isinstance(frame, WindowUpdateFrame):
            self.windows[frame.stream_id] += frame.window_increment
        elif isinstance(frame, PingFrame):
            if "ACK" not in frame.flags and self.acknowledge:
                self.send(PingFrame(0, opaque_data=frame.opaque_data, flags=("ACK",)))
        elif isinstance(frame, GoAwayFrame):
            self.goaway, self.last_taken = frame.error_code, frame.last_stream_id
        elif isinstance(frame, (HeadersFrame, DataFrame, RstStreamFrame)):
            self._take_of_stream(frame)

    def _take_of_stream(self, frame):
        answer = self.answers.setdefault(frame.stream_id, Answer())
        if isinstance(frame, HeadersFrame):
            answer.headers.update(self.decoder.decode(frame.data))
            answer.status = answer.headers.get("grpc-status")
        elif isinstance(frame, DataFrame):
            answer.body += frame.data
        elif answer.ended_at is None:
            answer.reset = frame.error_code
        if answer.ended_at is None and ("END_STREAM" in frame.flags or isinstance(frame, RstStreamFrame)):
            answer.ended_at = time.monotonic()
            self._ended += 1


def ask(port, payload, method="Classify", timeout=5):
    """A complete call's answer, on a connection of its own; an empty one if there is none."""
    try:
        with Connection(port) as connection:
            return connection.ask(payload, method, timeout)
    except OSError:
        return Answer()


def classify(port, text="A warm, funny film.", timeout=5):
    """One good call on a connection of its own: its status, None if there was none, and the seconds
    that it took."""
    start = time.monotonic()
    status = ask(port, classify_request(text), timeout=timeout).status
    return status, time.monotonic() - start


def distinct_texts(count, start=0, words=18):
    """Texts of the same length that are all different, as the server computes equal ones of a batch
    once."""
    for number in range(start, start + count):
        digits = [int(digit) for digit in f"{number:06d}"]
        yield " ".join(_WORDS[digits[place % 6]] for place in range(words))


_WORDS = ("good", "bad", "film", "story", "very", "not", "cast", "plot", "long", "fun")
