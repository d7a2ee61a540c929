#!/usr/bin/env python3
"""Writes scalar_class_tables.inc: which scalar values GPT-2's regular expression takes for white
space, letters and numbers. As in unicode_tables.py, the reference itself is asked:

    python3 scalar_class_tables.py > scalar_class_tables.inc  (needs the package tokenizers 0.23.1)
"""

import tokenizers
from tokenizers import pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
SPLIT = pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str


def joins(before, c):
    """Whether the scalar `c` belongs to the word that `before` is."""
    return len(SPLIT(before + chr(c))) == 1


def ranges(scalars):
    """[(first, last)] of runs of neighbours."""
    runs = []
    for c in scalars:
        if runs and runs[-1][1] == c - 1:
            runs[-1][1] = c
        else:
            runs.append([c, c])
    return runs


def table(name, scalars):
    print(f"constexpr ScalarRange {name}[] = {{")
    line = "   "
    for first, last in ranges(scalars):
        entry = f" {{0x{first:X}, 0x{last:X}}},"
        if len(line) + len(entry) > 100:
            print(line)
            line = "   "
        line += entry
    print(line)
    print("};\n")


def main():
    letters = [c for c in SCALARS if joins("a", c)]
    numbers = [c for c in SCALARS if joins("1", c)]
    others = [c for c in SCALARS if joins("!", c)]
    known = {*letters, *numbers, *others}
    assert len(known) == len(letters) + len(numbers) + len(others)
    spaces = [c for c in SCALARS if c not in known]
    assert all(joins("\t", c) for c in spaces)
    version = tokenizers.__version__
    print(f"// Made by scalar_class_tables.py from tokenizers {version}. Do not edit.\n")
    table("kWhiteSpaces", spaces)
    table("kLetters", letters)
    table("kNumbers", numbers)


if __name__ == "__main__":
    main()
