#!/usr/bin/python3
"""hardening_test.py PROGRAM...: each program is hardened as CMakeLists.txt asks for; prints what
was found of each.

Only our own code can be held to it. Debian's start files and libraries have no CET marks, so no
process of Debian's has shadow stacks or branch tracking turned on by the kernel yet: that is theirs
to give.
"""
import re
import subprocess
import sys


def readelf(*arguments):
    return subprocess.run(["readelf", "--wide", *arguments], check=True, capture_output=True, text=True).stdout


class Program:
    """What readelf says of it."""

    def __init__(self, path):
        self.header = readelf("--file-header", path)
        self.dynamic = readelf("--dynamic", path)
        self.segments = readelf("--program-headers", path)
        self.imports = set(re.findall(r" UND ([^@\s]+)", readelf("--dyn-syms", path)))
        # The compiler leaves its command line in the debug information, once for each set of flags.
        self.compilers = re.findall(r"GNU C\+\+\d+ .*", readelf("--string-dump=.debug_str", path))

    def segment_flags(self, kind):
        return re.findall(rf"^\s+{kind}\s.*\s([R ][W ][E ])\s+0x", self.segments, re.M)

    def compiled_with(self, flag):
        return bool(self.compilers) and all(flag in line for line in self.compilers)


CHECKS = {
    "position-independent executable": lambda program: " DYN " in program.header and "PIE" in program.dynamic,
    "relocations read-only": lambda program: "GNU_RELRO" in program.segments,
    "symbols bound at start": lambda program: "BIND_NOW" in program.dynamic and "TEXTREL" not in program.dynamic,
    "stack not executable": lambda program: program.segment_flags("GNU_STACK") == ["RW "],
    "no memory both writable and executable": lambda program: "RWE" not in program.segment_flags("LOAD"),
    "stack protector": lambda program: (
        program.compiled_with("-fstack-protector-strong") and "__stack_chk_fail" in program.imports),
    "stack clash protection": lambda program: program.compiled_with("-fstack-clash-protection"),
    "checked C functions": lambda program: any(name.endswith("_chk") for name in program.imports),
    "code ready for CET": lambda program: (
        program.compiled_with("-fcf-protection=full") or "X86-64" not in program.header),
}


def main():
    failed = 0
    for path in sys.argv[1:]:
        program = Program(path)
        print(path)
        for name, check in CHECKS.items():
            holds = check(program)
            failed += not holds
            print(f"  {'PASS' if holds else 'FAIL'}  {name}")
    sys.exit(1 if failed or len(sys.argv) < 2 else 0)


main()
