"""What a broken or hostile client might say: by name, a function from an open connection to the
bytes that it sends.

STARTS come in place of HTTP/2's preface, FRAMES after a proper one, and CALLS are sound HTTP/2 that
is not sound gRPC.
"""
import ssl
import struct

import http2
from http2 import SERVICE, classify_request, data, message, request_headers, window_update

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
ACK = END_STREAM = 0x1
END_HEADERS = 0x4
PADDED = 0x8
GOOD = message(classify_request("A warm, funny film."))


def frame(kind, stream=0, payload=b"", flags=0, length=None):
    """A frame that nobody checked, and whose header may lie about its length."""
    length = len(payload) if length is None else length
    return struct.pack(">HBBBI", length >> 8, length & 0xFF, kind, flags, stream) + payload


def setting(number, value):
    return frame(SETTINGS, payload=struct.pack(">HI", number, value))


def block(connection, /, **headers):
    """The header block of a proper call."""
    return connection.encoder.encode(request_headers(**headers))


def opened(connection, /, stream=1, flags=END_HEADERS, **headers):
    return frame(HEADERS, stream, block(connection, **headers), flags)


def literal(name, value):
    """A header field of HPACK that is neither indexed nor compressed; short ones only."""
    return b"\x10" + bytes([len(name)]) + name + bytes([len(value)]) + value


def trailers(flags):
    return frame(HEADERS, 1, literal(b"x", b"y"), flags)


def client_hello():
    hello = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        context.wrap_bio(ssl.MemoryBIO(), hello).do_handshake()
    except ssl.SSLWantReadError:
        pass  # it would wait for the answer now
    return hello.read()


STARTS = {
    "nothing": lambda c: b"",
    "half a preface": lambda c: http2.PREFACE[:11],
    "a wrong preface": lambda c: http2.PREFACE.replace(b"SM", b"MS") + frame(SETTINGS),
    "a preface without settings": lambda c: http2.PREFACE + opened(c) + data(1, GOOD, "END_STREAM"),
    "an HTTP/1.1 request": lambda c: b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an upgrade to HTTP/2": lambda c: b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                                      b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
    "an endless HTTP/1.1 header": lambda c: b"GET / HTTP/1.1\r\nCookie: " + b"a" * 100_000,
    "a TLS hello on the plain port": lambda c: client_hello(),
    "another protocol's banner": lambda c: b"SSH-2.0-OpenSSH_9.2\r\n",
    "zeros": lambda c: bytes(65536),
}

FRAMES = {
    "SETTINGS on a stream": lambda c: frame(SETTINGS, stream=1),
    "SETTINGS of five bytes": lambda c: frame(SETTINGS, payload=bytes(5)),
    "an ACK of SETTINGS with content": lambda c: frame(SETTINGS, payload=bytes(6), flags=ACK),
    "an initial window of 2^31": lambda c: setting(4, 1 << 31),
    "an initial window of 0": lambda c: setting(4, 0) + opened(c) + data(1, GOOD, "END_STREAM"),
    "a greatest frame of 1": lambda c: setting(5, 1),
    "push enabled twice over": lambda c: setting(2, 2),
    "a header table of 4 GiB": lambda c: setting(1, 0xFFFFFFFF) + opened(c) + data(1, GOOD, "END_STREAM"),
    "an unknown setting": lambda c: setting(0xFFFF, 1),
    "1,000 SETTINGS": lambda c: frame(SETTINGS) * 1000,
    "DATA on stream 0": lambda c: frame(DATA, 0, GOOD),
    "DATA before HEADERS": lambda c: data(1, GOOD, "END_STREAM"),
    "DATA after the end": lambda c: opened(c) + data(1, GOOD, "END_STREAM") + data(1, GOOD, "END_STREAM"),
    "1,000 empty DATA": lambda c: opened(c) + frame(DATA, 1) * 1000,
    "DATA padded beyond its frame": lambda c: opened(c) + frame(DATA, 1, b"\xff" + GOOD, PADDED),
    "HEADERS on stream 0": lambda c: opened(c, stream=0),
    "HEADERS on a stream of the server": lambda c: opened(c, stream=2),
    "streams that go backwards": lambda c: opened(c, stream=5) + opened(c, stream=3),
    "a stream opened twice": lambda c: opened(c) + opened(c),
    "a stream number with its reserved bit": lambda c: opened(c, stream=0x80000001),
    "HEADERS padded beyond their frame": lambda c: frame(HEADERS, 1, b"\xff" + block(c), END_HEADERS | PADDED),
    "HEADERS that go on, then DATA": lambda c: opened(c, flags=0) + data(1, GOOD),
    "HEADERS that go on, then another stream's": lambda c: opened(c, flags=0) + opened(c, stream=3),
    "CONTINUATION of nothing": lambda c: frame(CONTINUATION, 1, block(c), END_HEADERS),
    "1,000 empty CONTINUATIONs": lambda c: opened(c, flags=0) + frame(CONTINUATION, 1) * 1000,
    "a megabyte of headers": lambda c: opened(c, flags=0) + frame(
        CONTINUATION, 1, literal(b"x", b"a" * 100) * 150) * 64 + frame(CONTINUATION, 1, b"", END_HEADERS),
    "a frame of 16 MiB announced": lambda c: opened(c) + frame(DATA, 1, GOOD, length=(1 << 24) - 1),
    "a frame cut in its middle": lambda c: opened(c)[:-7],
    "an unknown frame": lambda c: frame(0xAA, 1, b"what?"),
    "PUSH_PROMISE from a client": lambda c: frame(PUSH_PROMISE, 1, struct.pack(">I", 2) + block(c), END_HEADERS),
    "WINDOW_UPDATE of 0": lambda c: frame(WINDOW_UPDATE, 0, bytes(4)),
    "WINDOW_UPDATE of 0 on a stream": lambda c: opened(c) + frame(WINDOW_UPDATE, 1, bytes(4)),
    "a window that overflows": lambda c: window_update(0, 0x7FFFFFFF) * 2,
    "a stream's window that overflows": lambda c: opened(c) + window_update(1, 0x7FFFFFFF) * 2,
    "WINDOW_UPDATE of an idle stream": lambda c: window_update(7, 1),
    "WINDOW_UPDATE of three bytes": lambda c: frame(WINDOW_UPDATE, payload=bytes(3)),
    "RST_STREAM of an idle stream": lambda c: http2.reset(9),
    "RST_STREAM of stream 0": lambda c: frame(RST_STREAM, 0, bytes(4)),
    "RST_STREAM of three bytes": lambda c: opened(c) + frame(RST_STREAM, 1, bytes(3)),
    "RST_STREAM after HEADERS": lambda c: opened(c) + http2.reset(1),
    "RST_STREAM after a call": lambda c: opened(c) + data(1, GOOD, "END_STREAM") + http2.reset(1),
    "PING of seven bytes": lambda c: frame(PING, payload=bytes(7)),
    "PING on a stream": lambda c: frame(PING, stream=1, payload=bytes(8)),
    "1,000 PINGs": lambda c: frame(PING, payload=bytes(8)) * 1000,
    "a stream that depends on itself": lambda c: frame(PRIORITY, 1, struct.pack(">IB", 1, 16)),
    "streams that depend on each other": lambda c: frame(PRIORITY, 1, struct.pack(">IB", 3, 16)) +
                                                   frame(PRIORITY, 3, struct.pack(">IB", 1, 16)),
    "PRIORITY of three bytes": lambda c: frame(PRIORITY, 1, bytes(3)),
    "GOAWAY from a client, then a call": lambda c: frame(GOAWAY, payload=bytes(8)) + opened(c) + data(1, GOOD, "END_STREAM"),
    "GOAWAY on a stream": lambda c: frame(GOAWAY, stream=1, payload=bytes(8)),
    "a header index that is not there": lambda c: frame(HEADERS, 1, b"\xff\xff\x7f", END_HEADERS),
    "header index 0": lambda c: frame(HEADERS, 1, b"\x80", END_HEADERS),
    "a header longer than its block": lambda c: frame(HEADERS, 1, b"\x00\x7e" + b"abc", END_HEADERS),
    "a header's number without an end": lambda c: frame(HEADERS, 1, b"\x00\x7f" + b"\xff" * 12, END_HEADERS),
    "a Huffman code of ones": lambda c: frame(HEADERS, 1, b"\x00\x84" + b"\xff" * 4 + b"\x01a", END_HEADERS),
    "a header table beyond what is allowed": lambda c: frame(HEADERS, 1, b"\x3f\xe1\xff\xff\x7f" + block(c), END_HEADERS),
}


def call(body=GOOD, method="Classify", **headers):
    """A complete call with this body, which is not a message's bytes but what stands in DATA."""
    return lambda c: opened(c, method=method, **headers) + data(1, body, "END_STREAM")


CALLS = {
    "an unknown method": call(method="Guess"),
    "an unknown service": call(method="/verdict.v2.Classifier/Classify"),
    "an empty path": call(path=""),
    "a path without a method": call(path=SERVICE),
    "a path with a NUL": call(path=SERVICE + "Class\0ify"),
    "a path of 8,000 bytes": call(path="/" + "a" * 8000),
    "no path": call(without=(":path",)),
    "no method": call(without=(":method",)),
    "no scheme": call(without=(":scheme",)),
    "no authority": call(without=(":authority",)),
    "no te": call(without=("te",)),
    "te of gzip": call(te="gzip"),
    "GET": lambda c: frame(HEADERS, 1, c.encoder.encode([(":method", "GET"), *request_headers()[1:]]), END_HEADERS) +
                     data(1, GOOD, "END_STREAM"),
    "a second path": lambda c: frame(HEADERS, 1, c.encoder.encode(
        [(":path", SERVICE + "Tokenize"), *request_headers()]), END_HEADERS) + data(1, GOOD, "END_STREAM"),
    "a pseudo-header after the others": lambda c: frame(HEADERS, 1, c.encoder.encode(
        [("x", "y"), *request_headers()]), END_HEADERS) + data(1, GOOD, "END_STREAM"),
    "an upper-case header": call(X_Upper="1"),
    "a connection header": call(connection="close"),
    "a header with a line break": call(x_break="one\r\ntwo: three"),
    "a header with a NUL": call(x_nul="a\0b"),
    "binary metadata that is not base64": call(x_bin="!!!"),
    "64 KiB of metadata": call(x_large="a" * 65536),
    "1,000 headers": lambda c: frame(HEADERS, 1, block(c) + literal(b"x", b"y") * 1000, END_HEADERS) +
                               data(1, GOOD, "END_STREAM"),
    "no content-type": call(without=("content-type",)),
    "content-type text/html": call(content_type="text/html"),
    "a time-out without a unit": call(timeout="5"),
    "a time-out of an unknown unit": call(timeout="5x"),
    "a negative time-out": call(timeout="-5S"),
    "a time-out of 20 digits": call(timeout="9" * 20 + "S"),
    "an empty time-out": call(timeout=""),
    "no time left": call(timeout="0n"),
    "a prefix that promises more": call(message(classify_request("good"), length=100)),
    "a prefix that promises less": call(message(classify_request("good"), length=3)),
    "a length of 4 GiB": call(message(classify_request("good"), length=0xFFFFFFFF)),
    "a length of 2 GiB": call(message(classify_request("good"), length=0x80000000)),
    "half a prefix": call(GOOD[:3]),
    "half a message": call(GOOD[:-4]),
    "half a message that stays open": lambda c: opened(c) + data(1, GOOD[:-4]),
    "no message": call(b""),
    "no message and END_STREAM in the HEADERS": lambda c: opened(c, flags=END_HEADERS | END_STREAM),
    "two messages": call(GOOD * 2),
    "a reserved flag": call(message(classify_request("good"), flag=2)),
    "all flags": call(message(classify_request("good"), flag=255)),
    "compressed without an encoding": call(message(classify_request("good"), flag=1)),
    "an unknown encoding": call(message(classify_request("good"), flag=1), grpc_encoding="brotli"),
    "gzip that is none": call(message(classify_request("good"), flag=1), grpc_encoding="gzip"),
    "trailers from a client": lambda c: opened(c) + data(1, GOOD) + trailers(END_HEADERS | END_STREAM),
    "trailers that do not end": lambda c: opened(c) + data(1, GOOD) + trailers(END_HEADERS),
    "an empty request": call(message(b"")),
    "an empty text": call(message(classify_request(""))),
    "a request that is no protocol buffer": call(message(b"\xff" * 40)),
    "a field longer than its request": call(message(b"\x0a\x7f" + b"abc")),
    "a varint without an end": call(message(b"\x08" + b"\xff" * 20)),
    "10,000 groups in each other": call(message(b"\x1b" * 10_000)),
    "a text that is not UTF-8": call(message(classify_request(b"caf\xe9 \xff\xfe"))),
    "a surrogate as UTF-8": call(message(classify_request(b"\xed\xa0\x80"))),
    "DATA beyond the window": call(message(classify_request("good " * 20_000))),
    "an unknown activation": call(message(classify_request("good") + http2.field(2, b"\x10\x63"))),
    "a batch that is no protocol buffer": call(message(b"\xff" * 40), method="ClassifyBatch"),
    "a batch of 30,000 empty inputs": call(message(b"\x0a\x00" * 30_000), method="ClassifyBatch"),
    "a stream's message that is no protocol buffer": call(message(b"\xff" * 40), method="ClassifyStream"),
}
