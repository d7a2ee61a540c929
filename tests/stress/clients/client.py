#!/usr/bin/python3
"""See README.md. grpcio, with its defaults."""
import collections
import json
import sys
import threading
import time

import grpc

ADDRESS, RATE, THREADS = sys.argv[1], float(sys.argv[2]), 4
REQUEST = bytes.fromhex(sys.argv[3])

classify = grpc.insecure_channel(ADDRESS).unary_unary("/verdict.v1.Classifier/Classify")
classify(REQUEST, timeout=60)  # a runtime that starts on a busy machine takes seconds
print("ready", flush=True)
outcomes = collections.Counter()
lock = threading.Lock()
stopped = False


def run():
    due = time.monotonic()
    while not stopped:
        try:
            classify(REQUEST, timeout=10)
            outcome = "OK"
        except grpc.RpcError as error:
            outcome = f"{error.code().name}: {error.details()}"
        with lock:
            outcomes[outcome] += 1
        due = max(due + THREADS / RATE, time.monotonic() - 1)
        time.sleep(max(0, due - time.monotonic()))


threads = [threading.Thread(target=run) for _ in range(THREADS)]
for thread in threads:
    thread.start()
sys.stdin.read()
stopped = True
for thread in threads:
    thread.join()
print(json.dumps(outcomes))
