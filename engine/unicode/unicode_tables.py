#!/usr/bin/env python3
"""Writes unicode_tables.inc: what the reference tokenizer believes about every scalar value.

The reference's tables are frozen at several old versions of Unicode, one per library that it is
made of, so no version of Unicode's own files can stand in for them. We ask it instead, one scalar
value at a time, through its public Python interface:

    python3 unicode_tables.py > unicode_tables.inc      (needs the package tokenizers 0.23.1)

Run again only to follow a newer reference, and make the goldens anew with it.
"""

import unicodedata

import tokenizers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]

# The values of Property in unicode.h.
REMOVED, WHITE_SPACE, IDEOGRAPH, MARK, PUNCTUATION = (1 << bit for bit in range(5))


def bert(**on):
    options = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**options, **on}).normalize_str


CLEAN = bert(clean_text=True)
SPACE_IDEOGRAPHS = bert(handle_chinese_chars=True)
STRIP_MARKS = bert(strip_accents=True)
LOWERCASE = bert(lowercase=True)
DECOMPOSE = normalizers.NFD().normalize_str
SPLIT = pre_tokenizers.BertPreTokenizer().pre_tokenize_str


def word_characters():
    """The scalars that a `single_word` token must not touch: \\w of the reference's regular
    expressions."""
    tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    tokenizer.add_tokens([AddedToken("<m>", single_word=True, normalized=False)])
    words = set()
    for first in range(0, len(SCALARS), 4096):
        block = SCALARS[first:first + 4096]
        before = tokenizer.encode_batch([f"{chr(c)}<m>" for c in block])
        after = tokenizer.encode_batch([f"<m>{chr(c)}" for c in block])
        for c, left, right in zip(block, before, after):
            assert ("<m>" in left.tokens) == ("<m>" in right.tokens), hex(c)
            if "<m>" not in left.tokens:
                words.add(c)
    return words


def combining_marks():
    """The scalars that the normalizer StripAccents drops: more than BertNormalizer's non-spacing
    marks."""
    strip = normalizers.StripAccents().normalize_str
    return {c for c in SCALARS if not strip(chr(c))}


def combining_class(text, probes):
    """The canonical combining class of the one scalar `text`, seen from how marks change places.

    A mark moves before another exactly if its class is lower and not 0. `probes` holds one mark for
    each class. The number found may differ from Unicode's own, but sorts alike.
    """
    for c, probe in probes:
        if probe == text:
            return c
    lowest, highest = probes[0][1], probes[-1][1]
    if DECOMPOSE(text + lowest) == text + lowest and DECOMPOSE(highest + text) == highest + text:
        return 0
    below = [c for c, probe in probes if DECOMPOSE("a" + text + probe) == "a" + probe + text]
    above = [c for c, probe in probes if DECOMPOSE("a" + probe + text) == "a" + text + probe]
    within = [c for c, _ in probes if c not in below and c not in above]
    assert len(within) == 1, (hex(ord(text)), within)
    return within[0]


def probe_marks():
    """One mark of every combining class above 0 that both Python and the reference know."""
    marks = {}
    for c in SCALARS:
        k = unicodedata.combining(chr(c))
        if k and k not in marks and DECOMPOSE(chr(c)) == chr(c):
            other = "\u0334" if k != 1 else "\u0301"
            moved = DECOMPOSE("a" + chr(c) + other) != "a" + chr(c) + other
            moved |= DECOMPOSE("a" + other + chr(c)) != "a" + other + chr(c)
            if moved:
                marks[k] = chr(c)
    return sorted(marks.items())


def is_hangul(c):
    return 0xAC00 <= c <= 0xD7A3


def hangul(c):
    s = c - 0xAC00
    parts = [0x1100 + s // 588, 0x1161 + s % 588 // 28] + ([0x11A7 + s % 28] if s % 28 else [])
    return "".join(map(chr, parts))


def survey():
    probes = probe_marks()
    properties, classes, decompositions, lowercases = {}, {}, {}, {}
    for c in SCALARS:
        char, bits = chr(c), 0
        around = "a" + char + "b"
        clean = CLEAN(around)
        words = [word for word, _ in SPLIT(around)]
        if clean == "ab":
            bits |= REMOVED
        elif clean != around:
            assert clean == "a b", hex(c)
        if words == ["a", "b"]:
            bits |= WHITE_SPACE
        elif words != [around]:
            assert words == ["a", char, "b"], hex(c)
            bits |= PUNCTUATION
        # Cleaning and splitting agree on what white space is; cleaning comes first and removes
        # some.
        if not bits & REMOVED:
            assert (clean == "a b") == bool(bits & WHITE_SPACE), hex(c)
        if SPACE_IDEOGRAPHS(around) != around:
            assert SPACE_IDEOGRAPHS(around) == f"a {char} b", hex(c)
            bits |= IDEOGRAPH
        nfd = DECOMPOSE(char)
        if is_hangul(c):
            assert nfd == hangul(c), hex(c)
        elif nfd != char:
            decompositions[c] = nfd
        if not STRIP_MARKS(char) and nfd == char:
            bits |= MARK
        lower = LOWERCASE(char)
        if lower != char:
            lowercases[c] = lower
        k = combining_class(char, probes) if nfd == char else 0
        if k:
            classes[c] = k
        if bits:
            properties[c] = bits
    for c, nfd in decompositions.items():  # marks are dropped part by part, never as a whole
        kept = "".join(part for part in nfd if not properties.get(ord(part), 0) & MARK)
        assert STRIP_MARKS(chr(c)) == kept, hex(c)
    return properties, classes, decompositions, lowercases


def ranges(values):
    """[(first, last, value)] of runs of neighbours with one value."""
    runs = []
    for c in sorted(values):
        if runs and runs[-1][1] == c - 1 and runs[-1][2] == values[c]:
            runs[-1][1] = c
        else:
            runs.append([c, c, values[c]])
    return runs


def lowercase_ranges(lowercases):
    """[(first, last, stride, delta)]: every stride-th from first to last becomes itself + delta."""
    runs = []
    for c in sorted(c for c in lowercases if len(lowercases[c]) == 1):
        delta = ord(lowercases[c]) - c
        if runs and runs[-1][3] == delta:
            first, last, stride, _ = runs[-1]
            step = c - last
            if step <= 2 and (first == last or step == stride):
                runs[-1][1:3] = [c, step]
                continue
        runs.append([c, c, 1, delta])
    return runs


def table(declaration, entries):
    print(f"{declaration} = {{")
    line = "   "
    for entry in entries:
        if len(line) + len(entry) + 2 > 100:
            print(line)
            line = "   "
        line += f" {entry},"
    print(line)
    print("};\n")


def main():
    properties, classes, decompositions, lowercases = survey()
    # The only scalar value whose lowercase is two; unicode.cc names it.
    assert {c: text for c, text in lowercases.items() if len(text) > 1} == {0x130: "i\u0307"}
    pool, starts = [], []
    for c in sorted(decompositions):
        starts.append(f"{{0x{c:X}, {len(pool)}}}")
        pool += [f"0x{ord(p):X}" for p in decompositions[c]]
    starts.append(f"{{0x110000, {len(pool)}}}")  # where the last one ends

    print(f"// Made by unicode_tables.py from tokenizers {tokenizers.__version__}. Do not edit.\n")
    table("constexpr PropertyRange kProperties[]",
          [f"{{0x{a:X}, 0x{b:X}, 0x{v:X}}}" for a, b, v in ranges(properties)])
    table("constexpr ClassRange kCombiningClasses[]",
          [f"{{0x{a:X}, 0x{b:X}, {v}}}" for a, b, v in ranges(classes)])
    table("constexpr LowercaseRange kLowercases[]",
          [f"{{0x{a:X}, 0x{b:X}, {s}, {d}}}" for a, b, s, d in lowercase_ranges(lowercases)])
    table("constexpr DecompositionStart kDecompositionStarts[]", starts)
    table("constexpr char32_t kDecompositionParts[]", pool)
    for name, scalars in [("kWordCharacters", word_characters()), ("kCombiningMarks", combining_marks())]:
        table(f"constexpr ScalarRange {name}[]",
              [f"{{0x{a:X}, 0x{b:X}}}" for a, b, _ in ranges(dict.fromkeys(scalars, 1))])


if __name__ == "__main__":
    main()
