#!/usr/bin/python3
"""More than a hundred malformed HTTP/2 or gRPC conversations, one after another.

After each, and while its connection is still open, the server is alive and a good call on a
connection of its own is answered within 100 ms. What the contract promises an answer for gets that
answer. At the end nothing is left of them: no descriptor is left of them, and the threads are
bounded.
"""
import http2
import script
from conversations import CALLS, FRAMES, STARTS
from http2 import DEADLINE_EXCEEDED, INVALID_ARGUMENT, OK, UNIMPLEMENTED
from verdictd import Verdictd, await_true

NEXT_CALL_SECONDS = 0.1
# How long the server has to say something; some conversations have no answer.
PATIENCE_SECONDS = 0.05
# gRPC starts a thread when all it has are busy, and keeps it for a while.
MOST_NEW_THREADS = 8

PROMISED = {
    "an unknown method": UNIMPLEMENTED,
    "an unknown service": UNIMPLEMENTED,
    "gzip that is none": UNIMPLEMENTED,
    "no time left": DEADLINE_EXCEEDED,
    "an empty request": INVALID_ARGUMENT,
    "an empty text": INVALID_ARGUMENT,
    "a request that is no protocol buffer": INVALID_ARGUMENT,
    "a field longer than its request": INVALID_ARGUMENT,
    "a varint without an end": INVALID_ARGUMENT,
    "10,000 groups in each other": INVALID_ARGUMENT,
    "a text that is not UTF-8": INVALID_ARGUMENT,
    "a surrogate as UTF-8": INVALID_ARGUMENT,
    "an unknown activation": INVALID_ARGUMENT,
    "a batch that is no protocol buffer": INVALID_ARGUMENT,
    "a batch of 30,000 empty inputs": INVALID_ARGUMENT,
}


def outcome(connection):
    """What became of the conversation: an answer on its first stream, the connection's end, or
    nothing."""
    answer = connection.await_answers([1], PATIENCE_SECONDS).get(1)
    if answer is not None and not answer.lost:
        return str(answer)
    if connection.goaway is not None:
        return f"GOAWAY {connection.goaway}"
    return "closed" if connection.closed else "no answer"


def hold(server, say, greet):
    """Has one conversation: its outcome, then the next good call's status and its seconds."""
    with http2.Connection(server.grpc_port, greet=greet, acknowledge=greet) as connection:
        connection.send(say(connection))
        found = outcome(connection)
        return found, *http2.classify(server.grpc_port)


def test(options, findings):
    conversations = {name: (say, False) for name, say in STARTS.items()}
    conversations |= {name: (say, True) for name, say in {**FRAMES, **CALLS}.items()}
    outcomes, waits = {}, {}
    with Verdictd(options.verdictd, options.model) as server:
        for _ in range(20):
            http2.classify(server.grpc_port)
        descriptors, threads = server.descriptors(), len(server.threads())
        for name, (say, greet) in conversations.items():
            outcomes[name], status, waits[name] = hold(server, say, greet)
            if not server.alive():
                return findings.fail(f"{name}: the server ended with {server.process.returncode}")
            if status != OK or waits[name] > NEXT_CALL_SECONDS:
                findings.fail(f"{name}: the next call had status {status} after {waits[name]:.3f} s")
            if name in PROMISED and outcomes[name] != f"status {PROMISED[name]}":
                findings.fail(f"{name}: {outcomes[name]}, promised status {PROMISED[name]}")
        slowest = max(waits, key=waits.get)
        findings.note(outcomes=outcomes, log_lines=len(server.log()), slowest_next_call_after=slowest)
        findings.at_least("conversations", len(conversations), 40)
        findings.at_most("slowest_next_call_seconds", round(waits[slowest], 4), NEXT_CALL_SECONDS)
        await_true(lambda: server.descriptors() <= descriptors, timeout=5)
        findings.at_most("descriptors_at_the_end", server.descriptors(), descriptors)
        findings.at_most("threads_at_the_end", len(server.threads()), threads + MOST_NEW_THREADS)


script.run(__doc__, test)
