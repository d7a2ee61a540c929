#!/usr/bin/env python3
"""Times the reference tokenizer on the sentences that tokenizer_bench reads, one at a time.

    python3 tokenizer_reference.py TOKENIZER_JSON SENTENCES      (needs the package tokenizers)

Its Rust core has two entrances: encode, as Python callers see it, and encode_batch without offsets
on one thread (set RAYON_NUM_THREADS=1), which leaves out most of what Python costs.
"""

import os
import sys
import time

os.environ.setdefault("RAYON_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from tokenizers import Tokenizer  # noqa: E402: the variables are read when it loads

SECONDS = 3.0


def microseconds_per_text(encode_all, texts):
    """Of the best pass over `texts` within SECONDS: other programs can only make it slower."""
    best, end = float("inf"), time.monotonic() + SECONDS
    while time.monotonic() < end:
        start = time.perf_counter()
        encode_all()
        best = min(best, time.perf_counter() - start)
    return best / len(texts) * 1e6


def main():
    tokenizer = Tokenizer.from_file(sys.argv[1])
    tokenizer.no_padding()
    tokenizer.enable_truncation(512)
    with open(sys.argv[2], encoding="utf-8") as file:
        texts = [line.rstrip("\n").split("\t")[0] for line in file]
    # The last name came with 0.20; older ones have encode_batch alone.
    batch = getattr(tokenizer, "encode_batch_fast", tokenizer.encode_batch)
    ways = {"encode": lambda: [tokenizer.encode(text) for text in texts], "batch": lambda: batch(texts)}
    for name, encode_all in ways.items():
        print(f"{name}: {microseconds_per_text(encode_all, texts):.2f} us per sentence, {len(texts)} sentences")


if __name__ == "__main__":
    main()
