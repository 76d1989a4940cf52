#!/usr/bin/env python3
"""durability.py TRACE ANSWERS: reads what strace wrote and checks each 201 against the log's writes and syncs.

Requests came one after another. So since the answer before it, each 201 must see at least one write to a `-wal` file,
and, after the last such write, a sync of that file which began after it and had returned 0 when the answer began.
Exit 0 if that holds for exactly ANSWERS answers. (standard library only)
"""
import re
import sys

LINE = re.compile(r"^(?P<pid>\d+) +(?P<time>[\d:.]+) (?P<rest>.*)$")
CALL = re.compile(r"^(?P<name>\w+)\((?P<fd>\d+)<(?P<file>.*?)>[,) ]")
RESUMED = re.compile(r"^<\.\.\. (?P<name>\w+) resumed>")
WRITES = {"pwrite64", "pwritev", "write", "writev"}
SYNCS = {"fsync", "fdatasync"}


def is_log(file):
    """SQLite's write-ahead log of the main database; telemetry is allowed to lose its last second."""
    return file.endswith("-wal") and "telemetry" not in file


def check(lines):
    """Returns (answers seen, what is wrong with them)."""
    answers, wrong, running = 0, [], {}
    unsynced = {}  # log file -> number of its last write
    begun = {}  # pid -> (file, number of the last write when the sync began)
    writes = since_answer = syncs = 0
    for line in lines:
        m = LINE.match(line)
        if not m:
            continue
        pid, rest = m["pid"], m["rest"]
        again = RESUMED.match(rest)
        call = None if again else CALL.match(rest)
        if call:
            name, file = call["name"], call["file"]
            if name in WRITES and is_log(file):
                # counted when it begins: a sync that overlaps it proves nothing
                writes += 1
                since_answer += 1
                unsynced[file] = writes
            elif name in SYNCS and is_log(file):
                begun[pid] = (file, writes)
            elif "HTTP/1.1 201" in rest and not is_log(file):
                answers += 1
                if not since_answer:
                    wrong.append(f"answer {answers} at {m['time']}: nothing was written to the log for it")
                if unsynced:
                    wrong.append(f"answer {answers} at {m['time']}: the log's last write was not synced before it")
                since_answer = 0
            if "<unfinished ...>" in rest:
                running[pid] = name
                continue
        elif again and running.pop(pid, None) != again["name"]:
            continue
        name = again["name"] if again else call["name"] if call else ""
        if name in SYNCS and pid in begun:
            file, upto = begun.pop(pid)
            if rest.rstrip().endswith("= 0"):
                syncs += 1
                if unsynced.get(file, writes + 1) <= upto:
                    del unsynced[file]
    return answers, wrong, syncs


def self_test():
    """A sync in time, one that overlaps the write, one that failed, one after the answer, none at all."""
    wal, sock = "9</d/rollcall.db-wal>", "12<TCP:[127.0.0.1:1->127.0.0.1:2]>"
    write = f'7 10:00:00.1 pwrite64({wal}, "x"..., 24, 0) = 24'
    sync = f"7 10:00:00.2 fdatasync({wal}) = 0"
    answer = f'8 10:00:00.3 write({sock}, "HTTP/1.1 201 Created\\r\\n"..., 300) = 300'
    part = [f"7 10:00:00.2 fdatasync({wal} <unfinished ...>", "7 10:00:00.3 <... fdatasync resumed>) = 0"]
    cases = [
        ([write, sync, answer], 0),
        ([write, *part, answer], 0),
        ([write, part[0], answer, part[1]], 1),
        ([part[0], write, part[1], answer], 1),
        ([write, sync.replace("= 0", "= -1 EIO"), answer], 1),
        ([write, answer, sync], 1),
        ([write, sync.replace("rollcall", "other"), answer], 1),
        ([write, sync, answer, answer], 1),
        ([answer], 1),
    ]
    for trace, faults in cases:
        if len(check(trace)[1]) != faults:
            sys.exit("durability.py misreads a trace:\n" + "\n".join(trace))


def main():
    self_test()
    with open(sys.argv[1], encoding="utf-8", errors="replace") as trace:
        answers, wrong, syncs = check(trace)
    print("\n".join(wrong) if wrong else f"{answers} answers, {syncs} syncs of the log: each answer came after its sync")
    if answers != int(sys.argv[2]):
        sys.exit(f"{answers} answers in the trace, not {sys.argv[2]}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
