"""What /proc says of a process."""
import collections
import contextlib
import os
import resource

Thread = collections.namedtuple("Thread", "name cpu_seconds")


def rss_bytes(pid):
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def cpu_seconds(pid):
    """Of all its threads, ended ones too."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def threads(pid):
    """By thread id: its name, and the CPU time that it has used, to the nanosecond."""
    found = {}
    for tid in os.listdir(f"/proc/{pid}/task"):
        task = f"/proc/{pid}/task/{tid}"
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            with open(f"{task}/comm") as comm, open(f"{task}/schedstat") as schedstat:
                found[int(tid)] = Thread(
                    comm.read().strip(), int(schedstat.read().split()[0]) / 1e9
                )
    return found


def family(pid):
    """The process and those that it started."""
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return [
            pid,
            *(member for child in children.read().split() for member in family(int(child))),
        ]
