#!/usr/bin/env python3
"""Every link of a Markdown file leads to a file and a heading that are there, and no line but a
table's is longer than 100 columns. A file that the image's build does not get (.dockerignore) is
looked for only in a whole repository."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
MOST_COLUMNS = 100


def documents():
    for path in sorted(ROOT.rglob("*.md")):
        folders = path.relative_to(ROOT).parts[:-1]
        if not any(re.match(r"build|\.|node_modules$", folder) for folder in folders):
            yield path


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def anchors(path):
    """The anchors of a document's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.M | re.S)
    headings = re.findall(r"^#+ +(.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def faults():
    whole = (ROOT / ".git").exists()
    for document in documents():
        name = document.relative_to(ROOT)
        text = document.read_text()
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > MOST_COLUMNS and not line.startswith("|"):
                yield f"{name}:{number}: {len(line)} columns"
        for target in re.findall(r"\]\(([^)\s]+)\)", without_code(text)):
            if re.match(r"\w+:", target):
                continue
            file, _, anchor = target.partition("#")
            path = (document.parent / file).resolve() if file else document
            if not path.exists():
                if whole:
                    yield f"{name}: there is no {target}"
            elif anchor and anchor not in anchors(path):
                yield f"{name}: {file or name} has no heading #{anchor}"


found = list(faults())
print("\n".join(found) if found else f"{len(list(documents()))} documents")
sys.exit(1 if found else 0)
