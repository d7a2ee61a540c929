#!/usr/bin/python3
"""1,000 calls with deadlines of 5 ms meet a full queue, and 5,000 calls that their client cancels
after 10 ms.

None of them is computed: when the backlog that was there before is done, the server has computed
exactly its texts and no others. Then 5,000 are cancelled again, and last the backlog too, this time
a few long texts: the queue is empty within 100 ms, and nothing more is computed than the batch that
was in the engine.
"""
import collections
import time

import full_size
import http2
import script
from backlog import UNBOUNDED, Backlog
from verdictd import Verdictd, await_true

DEADLINE = "5m"  # of gRPC: milliseconds
CANCEL_AFTER_SECONDS = 0.01
CALLS_AT_ONCE = 250
EMPTY_SECONDS = 0.1
LONG_WORDS = 400
# Most texts of a batch for each thread: --max-batch-tokens by the tokens of a text, which has 18
# words.
MOST_BATCH_TEXTS = 192 // 20


def add_options(parser):
    # With the demo model a fast CPU computes calls as fast as this client makes them.
    parser.set_defaults(model=full_size.model())
    full_size.add_threads(parser)
    parser.add_argument("--with-deadline", type=int, default=1000)
    parser.add_argument("--cancelled", type=int, default=5000)
    parser.add_argument("--backlog-seconds", type=float, default=3)


def computed(server):
    return server.metrics().total("verdict_batch_texts_sum")


def waiting(server):
    return server.metrics().total("verdict_queue_texts")


def call_and_cancel(connection, texts):
    """A few at a time, so that each is cancelled about 10 ms after it was made: their streams."""
    streams = []
    for at in range(0, len(texts), CALLS_AT_ONCE):
        made = connection.call_all(texts[at:at + CALLS_AT_ONCE])
        time.sleep(CANCEL_AFTER_SECONDS)
        connection.send(b"".join(map(http2.reset, made)))
        streams.extend(made)
    return streams


def dead_on_a_full_queue(server, backlog, options, findings):
    """Calls that nobody waits for any more, behind a backlog that is finished."""
    before = computed(server)
    filling = backlog.fill(options.backlog_seconds)
    with http2.Connection(server.grpc_port, acknowledge=False) as hurried, http2.Connection(server.grpc_port) as fickle:
        start = time.monotonic()
        expiring = hurried.call_all(backlog.texts(options.with_deadline), timeout=DEADLINE)
        expired = hurried.await_answers(expiring, timeout=options.backlog_seconds)
        findings.note(backlog_texts=len(filling), longest_wait_of_an_expired_call_seconds=round(
            max(answer.ended_at for answer in expired.values()) - start, 4))
        call_and_cancel(fickle, list(backlog.texts(options.cancelled)))
        findings.at_least("texts_waiting_meanwhile", waiting(server), 1)
        done = backlog.connection.await_answers(filling, timeout=60)
    emptied = await_true(lambda: waiting(server) == 0, timeout=5)
    codes = collections.Counter(str(answer) for answer in expired.values())
    findings.note(expired_codes=codes)
    findings.equal("expired_calls_answered", sum(codes.values()), options.with_deadline)
    findings.equal("expired_calls_that_were_ok", codes[f"status {http2.OK}"], 0)
    findings.equal("backlog_answers", dict(collections.Counter(map(str, done.values()))), {"status 0": len(filling)})
    findings.equal("texts_computed_beyond_the_backlog", computed(server) - before - len(filling), 0)
    findings.at_most("seconds_until_the_queue_is_empty_after_the_backlog", emptied, EMPTY_SECONDS)


def everything_cancelled(server, backlog, texts, options, findings):
    """The backlog is cancelled as well."""
    filling = backlog.fill(options.backlog_seconds)
    with http2.Connection(server.grpc_port) as fickle:
        call_and_cancel(fickle, list(texts.texts(options.cancelled)))
        findings.at_least("texts_waiting_before_all_is_cancelled", waiting(server), 1)
        backlog.connection.send(b"".join(map(http2.reset, filling)))
        emptied = await_true(lambda: waiting(server) == 0, timeout=5)
    at_empty = computed(server)
    findings.at_most("seconds_until_the_queue_is_empty_after_the_cancels", emptied, EMPTY_SECONDS)
    http2.classify(server.grpc_port)  # one text that is computed when all that was there is over
    findings.at_most("texts_computed_after_the_queue_was_empty", computed(server) - at_empty - 1,
                     MOST_BATCH_TEXTS * options.threads)
    findings.at_most("seconds_until_no_text_is_in_flight",
                     await_true(lambda: server.metrics().total("verdict_in_flight_texts") == 0, timeout=5), EMPTY_SECONDS)


def test(options, findings):
    with Verdictd(options.verdictd, options.model, "--threads", str(options.threads), *UNBOUNDED) as server:
        backlog = Backlog(server.grpc_port)
        findings.note(texts_per_second=round(backlog.rate))
        dead_on_a_full_queue(server, backlog, options, findings)
        everything_cancelled(server, Backlog(server.grpc_port, LONG_WORDS), backlog, options, findings)


script.run(__doc__, test, add_options)
