"""Random texts, the same from the same seed as tests/engine/fixtures/random_text.cc makes them."""

MASK = (1 << 64) - 1

# Ranges from which a piece's scalar values come; rare scripts and marks as often as letters.
RANGES = [
    (0x21, 0x7E),
    (0xA0, 0xFF),
    (0x100, 0x24F),
    (0x2B0, 0x36F),
    (0x370, 0x3FF),
    (0x400, 0x52F),
    (0x591, 0x5F4),
    (0x600, 0x6FF),
    (0x900, 0x97F),
    (0xE00, 0xE7F),
    (0xF00, 0xFFF),
    (0x1100, 0x11FF),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x1E00, 0x1FFF),
    (0x2000, 0x20FF),
    (0x2100, 0x218F),
    (0x2C00, 0x2DFF),
    (0x3000, 0x30FF),
    (0x3400, 0x3420),
    (0x4E00, 0x4E7F),
    (0xA640, 0xA6FF),
    (0xA720, 0xA8FF),
    (0xAC00, 0xAD00),
    (0xD7A0, 0xD7FF),
    (0xE000, 0xE010),
    (0xF900, 0xFAFF),
    (0xFB00, 0xFB4F),
    (0xFE00, 0xFE6F),
    (0xFF00, 0xFFFF),
    (0x10400, 0x1044F),
    (0x11100, 0x1114F),
    (0x16B30, 0x16B36),
    (0x1D100, 0x1D1FF),
    (0x1E000, 0x1E02A),
    (0x1E8D0, 0x1E95F),
    (0x1F600, 0x1F64F),
    (0x20000, 0x20010),
    (0x2B810, 0x2B930),
    (0x2F800, 0x2FA1F),
    (0xE0000, 0xE01EF),
]

# Marks of many combining classes; some are spacing marks, some decompose, some are newer than the
# reference's tables.
MARKS = [
    0x300,
    0x301,
    0x308,
    0x316,
    0x321,
    0x334,
    0x327,
    0x344,
    0x345,
    0x35C,
    0x483,
    0x5B0,
    0x5BF,
    0x64B,
    0x670,
    0x93C,
    0x94D,
    0xE38,
    0xE48,
    0xF71,
    0xF72,
    0xF73,
    0xF75,
    0xF81,
    0x1037,
    0x1A60,
    0x1DCE,
    0x1DFA,
    0x20D2,
    0x302A,
    0x302E,
    0x302F,
    0x3099,
    0xA953,
    0xFB1E,
    0xFE20,
    0x110BA,
    0x1D165,
    0x1D166,
    0x1D16D,
    0x1D17B,
    0x1E000,
    0x1E8D0,
    0x1E94A,
]

CONTROLS = [
    0x0,
    0x1,
    0x9,
    0xA,
    0xB,
    0xC,
    0xD,
    0x1C,
    0x20,
    0x7F,
    0x85,
    0xA0,
    0xAD,
    0x61C,
    0x1680,
    0x180E,
    0x2000,
    0x200B,
    0x200D,
    0x2028,
    0x2029,
    0x202F,
    0x3000,
    0xFEFF,
    0xFFFD,
    0xE0001,
]

ADDED = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "[sep]",
    "[ENT]",
    "[ENT][ENT]",
    "<s>",
    "</s>",
    "@user",
    "@USER",
    "#tag",
    "\u00dcn\u00efcode URL",
    "U\u0308ni\u0308code URL",
]

REPEATED = [0x61, 0xE9, 0x6F22, 0x301, 0x23]


class Random:
    """Splitmix64 (Steele, Lea and Flood 2014)."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
        return (z ^ (z >> 31)) % bound

    def pick(self, values):
        return values[self.below(len(values))]


def scalar(random):
    first, last = random.pick(RANGES)
    return chr(first + random.below(last - first + 1))


def any_scalar(random):
    value = random.below(0x110000)
    return "x" if 0xD800 <= value <= 0xDFFF else chr(value)


def word(random, words):
    text = random.pick(words)
    if random.below(4) == 0:
        text = "".join(c.upper() if "a" <= c <= "z" else c for c in text)
    return text


def piece(random, words):
    kind = random.below(12)
    if kind < 4:
        return word(random, words)
    if kind < 6:
        return " "
    if kind == 6:
        return scalar(random)
    if kind == 7:
        return any_scalar(random)
    if kind == 8:
        return "".join(chr(random.pick(MARKS)) for _ in range(1 + random.below(6)))
    if kind == 9:
        return chr(random.pick(CONTROLS))
    if kind == 10:
        return random.pick(ADDED)
    if random.below(4) == 0:
        return chr(random.pick(REPEATED)) * (9 + random.below(100))
    return chr(0x21 + random.below(0x5E))


def random_text(seed, words):
    """The text of `seed`; `words` are a vocabulary's, in the order of their ids."""
    random = Random(seed)
    return "".join(piece(random, words) for _ in range(1 + random.below(24)))
