"""The CPU time and the memory of a server and its child processes."""
import os


def tree(pid):
    """The process and its descendants."""
    found = [pid]
    for task in found:
        try:
            found += [int(child) for child in open(f'/proc/{task}/task/{task}/children').read().split()]
        except OSError:
            pass
    return found


def ticks(pid):
    total = 0
    for one in tree(pid):
        fields = open(f'/proc/{one}/stat').read().rsplit(')', 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total


def private(pid):
    """Returns the private memory of a process, in KiB."""
    return sum(int(line.split()[1]) for line in open(f'/proc/{pid}/smaps_rollup') if line.startswith('Private_'))
