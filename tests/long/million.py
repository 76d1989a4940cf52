"""million.py BINARY USERS WORK: see million.sh."""
import sys
import time
from pathlib import Path

from hub import Hub, headline, load_generator, scimload

PORT = 18961


def fill(programs, hub, count):
    """Makes so many more users through the SCIM endpoint, as an identity provider would; how many a second."""
    began = time.perf_counter()
    # The longest it may take: at 500 a second.
    seconds = str(max(60, min(1800, count // 500)))
    found = scimload(programs, hub, "--sizes", str(count), "--adds", "0", "--workloads", "none",
                     "--seed-conc", "64", "--seed-secs", seconds, "--total-secs", "3600")
    made = sum(one["ops"] for one in found if one.get("workload") == "W1 create user")
    if made != count:
        raise SystemExit(f"{made} of {count} users were made")
    return made / (time.perf_counter() - began)


def cursors(hub, total):
    """The paths of a page of 100 by cursor: the first, one in the middle, the last."""
    walk, seen = "", 0
    paths = {"first": "/Users?cursor&count=100"}
    for count in (1000, 100):
        while seen + count < total:
            page = hub.json(f"/Users?cursor={walk}&count={count}")
            seen, walk = seen + len(page["Resources"]), page["nextCursor"]
            if seen >= total // 2:
                paths.setdefault("middle", f"/Users?cursor={walk}&count=100")
    return {**paths, "last": f"/Users?cursor={walk}&count=100"}


def measure(hub, total):
    """What a directory of this size costs, by name."""
    row = {"cold start ms": hub.start()}
    if (there := hub.json("/Users?count=1")["totalResults"]) != total:
        raise SystemExit(f"{there} users are there, not {total}")
    row["memory after the start MiB"] = hub.memory()
    starts = {"first": 1, "middle": total // 2, "last": total - 99}
    for place, start in starts.items():
        row[f"page of 100 by index, {place} ms"] = hub.time(f"/Users?startIndex={start}&count=100")
    for place, path in cursors(hub, total).items():
        row[f"page of 100 by cursor, {place} ms"] = hub.time(path)
    middle = hub.json(f"/Users?startIndex={total // 2}&count=1")["Resources"][0]
    row["GET by id ms"] = hub.time(f"/Users/{middle['id']}", 200)
    row["filter userName eq, found ms"] = hub.time(hub.named(middle["userName"]), 200)
    row["filter userName eq, not found ms"] = hub.time(hub.named("nobody@example.com"), 200)
    # The whole list once, so that memory is looked at when everything has been touched.
    for start in range(1, total + 1, 1000):
        hub.json(f"/Users?startIndex={start}&count=1000")
    row["memory while serving MiB"] = hub.memory()
    time.sleep(30)
    row["memory 30 s later MiB"] = hub.memory()
    hub.stop()
    return row


def main():
    binary, users, work = str(Path(sys.argv[1]).resolve()), int(sys.argv[2]), Path(sys.argv[3])
    programs = load_generator(work)
    hub = Hub(binary, str(work / "data"), PORT)
    sizes = [size for size in (1000, 100_000) if size < users] + [users]
    rows, have = {}, 0
    try:
        for size in sizes:
            rate = fill(programs, hub, size - have)
            print(f"{size} users ({rate:.0f} a second)", file=sys.stderr, flush=True)
            have = size
            rows[size] = measure(hub, size)
    finally:
        hub.stop()
    print(f"\n{headline()}; one caller, medians\n")
    print("| | " + " | ".join(f"{size:,} users" for size in rows) + " | last : first |")
    print("|---" * (len(rows) + 2) + "|")
    for name in rows[sizes[0]]:
        values = [rows[size][name] for size in rows]
        print(f"| {name} | " + " | ".join(f"{value:.2f}" for value in values) + f" | {values[-1] / values[0]:.1f} |")
    last, first = rows[sizes[-1]], rows[sizes[0]]
    missed = [name for name in last if "page" in name and last[name] >= 10 * first[name]]
    missed += [name for name in last if name.startswith("memory") and last[name] >= 150]
    missed += ["cold start with 100,000 users"] if rows.get(100_000, {}).get("cold start ms", 0) >= 100 else []
    for name in missed:
        print(f"\nnot held: {name}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
