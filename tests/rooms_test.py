#!/usr/bin/env python3
"""The rooms of a house, engine or server: none is overfull, none includes one that stands above it,
and no files include each other in a circle.

Its CMakeLists.txt lists the rooms, lowest first. What lies in the house's folder itself is the
floor (FLOOR), which everyone may include, or the roof, which no room may.
"""
import pathlib
import re
import sys

HOUSE = pathlib.Path(__file__).resolve().parents[1] / sys.argv[1]
FLOOR = {"engine", "kernel_names", "precision", "profile"}
MOST_FILES, MOST_FILES_OF_HOUSE = 20, {"engine": 16, "server": 10}[HOUSE.name]


def main():
    rooms = ["floor"] + re.findall(r"^add_subdirectory\((\S+)\)", (HOUSE / "CMakeLists.txt").read_text(), re.M) + ["roof"]
    faults = []

    def room_of(path):
        if path.parent == HOUSE:
            return "floor" if path.stem in FLOOR else "roof"
        folder = path.parent.relative_to(HOUSE).as_posix()
        while folder not in rooms:  # a folder within a room
            if "/" not in folder:
                faults.append(f"{HOUSE.name}/{folder} is not in its CMakeLists.txt's list of rooms")
                return "roof"
            folder = folder.rpartition("/")[0]
        return folder

    files = [path for path in sorted(HOUSE.rglob("*")) if path.suffix in (".cc", ".h", ".inc")]
    used = {}  # file without suffix -> those that it includes: a header and its source are one
    arrows = set()
    for path in files:
        unit = path.with_suffix("")
        for name in re.findall(rf'^#include "{HOUSE.name}/(\S+)"', path.read_text(), re.M):
            included = HOUSE / name
            if included.with_suffix("") != unit:
                used.setdefault(unit, set()).add(included.with_suffix(""))
            room, other = room_of(path), room_of(included)
            if room != other:
                arrows.add((room, other))
            if rooms.index(other) > rooms.index(room):
                faults.append(f"{path.relative_to(HOUSE.parent)} includes {HOUSE.name}/{name}, of a room above it")

    done = set()

    def visit(unit, way):
        if unit in way:
            circle = way[way.index(unit):] + [unit]
            faults.append("a circle: " + " -> ".join(one.relative_to(HOUSE).as_posix() for one in circle))
        if unit in done or unit in way:
            return
        for other in sorted(used.get(unit, ())):
            visit(other, way + [unit])
        done.add(unit)

    for unit in sorted(used):
        visit(unit, [])

    for folder in sorted({path.parent for path in files}):
        count = sum(path.parent == folder for path in files)
        most = MOST_FILES_OF_HOUSE if folder == HOUSE else MOST_FILES
        if count > most:
            faults.append(f"{folder.relative_to(HOUSE.parent)} has {count} files; at most {most} make a room")

    print(f"{len(files)} files in {len(rooms)} rooms, {len(arrows)} arrows between rooms")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
