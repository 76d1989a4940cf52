#!/usr/bin/env python3
"""licences.py: holds every package of Cargo.lock against deny.toml (standard library only).

It reads `cargo metadata` and checks what `cargo deny check licenses bans sources` would: each licence expression can be
met with allowed licences, no banned package is there, everything comes from an allowed registry. It does not look for
security advisories: those need a database from the network. Exit 1 with one line for each violation.
"""
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def satisfied(expression, allowed):
    """Whether an SPDX expression can be met with the allowed licences; the old `MIT/Apache-2.0` form reads as OR."""
    tokens = re.findall(r"\(|\)|[^\s()/]+", expression.replace("/", " OR "))
    at = 0

    def peek():
        return tokens[at] if at < len(tokens) else None

    def take():
        nonlocal at
        at += 1
        return tokens[at - 1]

    def any_of():
        met = all_of()
        while peek() == "OR":
            take()
            met = all_of() or met
        return met

    def all_of():
        met = one()
        while peek() == "AND":
            take()
            met = one() and met
        return met

    def one():
        name = take()
        if name == "(":
            met = any_of()
            if take() != ")":
                raise ValueError(expression)
            return met
        if peek() == "WITH":
            take()
            name = f"{name} WITH {take()}"
        return name in allowed

    try:
        met = any_of()
    except (IndexError, ValueError):
        return False
    return met and peek() is None


def violations(packages, deny):
    """One line for each rule of deny.toml that a package breaks."""
    allowed = set(deny["licenses"]["allow"])
    exceptions = {e["crate"]: set(e["allow"]) for e in deny["licenses"].get("exceptions", [])}
    banned = {b["crate"]: b["reason"] for b in deny["bans"]["deny"]}
    registries = {"registry+" + url for url in deny["sources"]["allow-registry"]}
    for p in packages:
        name = f"{p['name']} {p['version']}"
        if p["source"] is not None and p["source"] not in registries:
            yield f"{name}: comes from {p['source']}, which deny.toml does not list"
        if p["name"] in banned:
            yield f"{name}: banned, {banned[p['name']]}"
        licence = p["license"]
        if not licence:
            yield f"{name}: names no licence"
        elif not satisfied(licence, allowed | exceptions.get(p["name"], set())):
            yield f"{name}: licence {licence} is not allowed"
    for gone in sorted(exceptions.keys() - {p["name"] for p in packages}):
        yield f"deny.toml: the exception for {gone} is no longer needed"


def self_test():
    """The reader of expressions, on the forms that occur and on broken ones."""
    allowed = {"MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"}
    good = ["MIT", "MIT/GPL-3.0", "GPL-3.0 OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0", "Apache-2.0 WITH LLVM-exception"]
    bad = ["GPL-3.0", "MIT AND GPL-3.0", "MIT AND (GPL-3.0 OR LGPL-2.1)", "GPL-3.0 WITH LLVM-exception", "MIT OR (", "", "MIT)"]
    for expression in good + bad:
        if satisfied(expression, allowed) != (expression in good):
            sys.exit(f"licences.py reads {expression!r} wrongly")
    deny = {"licenses": {"allow": ["MIT"]}, "bans": {"deny": [{"crate": "openssl", "reason": "r"}]}, "sources": {"allow-registry": ["x"]}}
    planted = [{"name": "openssl", "version": "1", "source": "git+y", "license": "GPL-3.0"}, {"name": "a", "version": "1", "source": None, "license": None}]
    if len(list(violations(planted, deny))) != 4:
        sys.exit("licences.py does not see planted violations")


def main():
    self_test()
    deny = tomllib.loads((ROOT / "deny.toml").read_text())
    out = subprocess.run(["cargo", "metadata", "--format-version", "1", "--locked", "--all-features"], cwd=ROOT, stdout=subprocess.PIPE)
    if out.returncode != 0:
        sys.exit(out.returncode)
    packages = json.loads(out.stdout)["packages"]
    found = list(violations(packages, deny))
    print("\n".join(found) if found else f"{len(packages)} packages, all licences allowed, nothing banned")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
