"""flat.py BINARY SIZES WORK: see flat.sh."""
import json
import statistics
import sys
from pathlib import Path

from hub import Hub, headline, load_generator, scimload

PORT = 18962


def main():
    binary, sizes, work = str(Path(sys.argv[1]).resolve()), sys.argv[2], Path(sys.argv[3])
    programs = load_generator(work)
    hub = Hub(binary, str(work / "data"), PORT)
    found = scimload(programs, hub, "--sizes", sizes, "--workloads", "W2,W3,W5,W6", "--conc", "8", "--repeat", "5", "--secs", "2",
                     "--seed-conc", "64", "--seed-secs", "600", "--total-secs", "1500", "--persist")
    (work / "flat.jsonl").write_text("".join(json.dumps(one) + "\n" for one in found))
    missed = []

    def table(title, limit, rows):
        """Times in ms by column; a row may grow to so many times its first."""
        columns = list(dict.fromkeys(column for row in rows.values() for column in row))
        print(f"\n| {title} | " + " | ".join(f"{column:,}" if isinstance(column, int) else column for column in columns) + " | worst : first | at most |")
        print("|---" * (len(columns) + 3) + "|")
        for name, row in rows.items():
            ratio = max(row.values()) / row[columns[0]]
            print(f"| {name} | " + " | ".join(f"{row[column]:.3f}" if column in row else "" for column in columns) + f" | {ratio:.2f} | {limit} |")
            if ratio > limit:
                missed.append(name)

    def medians(workload, key, value):
        groups = {}
        for one in found:
            if str(one.get("workload", "")).startswith(workload) and value(one) is not None:
                groups.setdefault(one[key], []).append(value(one))
        return {size: statistics.median(values) for size, values in sorted(groups.items())}

    def per_operation(one):
        return 1000 / one["per_s"] if one.get("per_s") else None

    print(f"{headline()}; medians")
    table("ms per request, 8 callers; users:", 1.3, {name: medians(name, "size", per_operation) for name in ("W2 get user", "W3 filter hit", "W3 filter miss")})
    table("ms until one member is added (p50); members:", 1.5, {"W5 group add": medians("W5", "group", lambda one: one.get("p50_ms"))})
    lists = {one["size"]: one for one in found if str(one.get("workload", "")).startswith("W6")}
    pages = {f"W6 page of 100, {size:,} users": {"first tenth": one["first_tenth_p50_ms"], "last tenth": one["last_tenth_p50_ms"]} for size, one in lists.items()}
    table("ms per page", 2, pages)
    for size, one in lists.items():
        whole = one["complete"] and one["distinct"] == one["got"] == one["total_results"]
        print(f"\nW6 at {size:,}: {one['got']:,} of {one['total_results']:,} listed, {one['distinct']:,} distinct")
        if not whole:
            missed.append(f"the whole list of {size:,}")
    missed += [f"the members of the group of {one['group']:,}" for one in found if one.get("members_right") is False]
    for one in found:
        if str(one.get("workload", "")).startswith("W8"):
            print(f"\n{one['workload']}: {one.get('users', one.get('size')):,} users, {one['rss_mib']:.0f} MiB" + (f", start {one['start_ms']:.0f} ms" if "start_ms" in one else ""))
    for name in missed:
        print(f"\nnot held: {name}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
