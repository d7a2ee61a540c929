#!/usr/bin/env python3
"""Every program of client/examples stands in README.md or client/README.md, word for word; and
client/README.md has a row for every reason of the contract."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
DOCUMENTS = [ROOT / "README.md", ROOT / "client" / "README.md"]
blocks = [
    block
    for document in DOCUMENTS
    for block in re.findall(r"```\w+\n(.*?)```", document.read_text(), re.S)
]
programs = [path for path in (ROOT / "client" / "examples").rglob("*") if path.is_file()]
assert programs, "client/examples is empty"
missing = [str(path.relative_to(ROOT)) for path in programs if path.read_text() not in blocks]
if missing:
    sys.exit("not as they are in README.md or client/README.md: " + ", ".join(missing))

contract = (ROOT / "proto/verdict/v1/classifier.proto").read_text()
reasons = re.findall(
    r"^  (\w+) = [1-9]\d*;", re.search(r"enum ErrorReason {.*?^}", contract, re.S | re.M)[0], re.M
)
assert len(reasons) > 10, reasons
table = (ROOT / "client/README.md").read_text()
missing = [reason for reason in reasons if f"`{reason}`" not in table]
if missing:
    sys.exit("not in the table of client/README.md: " + ", ".join(missing))
