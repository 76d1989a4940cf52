#!/usr/bin/env python3
"""corpus.py unpack|seed|pack TARGET DIR: the corpus of a fuzz target, between a folder of files and corpus/TARGET.jsonl.

One line is one input: a JSON string whose characters U+0000 to U+00FF stand for its bytes.
`seed` adds what identity providers really send (tests/kit/dialects/cases.json) and some forms of the RFCs by hand.
"""
import hashlib
import json
import sys
import urllib.parse
from pathlib import Path

HERE = Path(__file__).resolve().parent
CASES = HERE.parent / "tests/kit/dialects/cases.json"
MOST = 1500  # inputs of one target
LARGEST = 8192  # bytes of one input

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"

FILTERS = [
    'userName eq "bjensen"', 'name.familyName co "O\'Malley"', f'{USER}:userName sw "J"', "title pr",
    'meta.lastModified gt "2011-05-13T04:42:34Z"', 'title pr and userType eq "Employee"',
    'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")',
    'userType ne "Employee" and not (emails co "example.com")', 'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]',
    'emails[type eq "work"].value eq "x" or ims[type eq "xmpp" and value co "@foo.com"]', "active eq true", "a.b ge -1.5e3",
    "urn:x:y:level le 5", "not (not (a ne null))", 'externalId ew "\\u00e9\\"\\\\"', f'{ENTERPRISE}:manager.value eq "m1"',
    'meta.created eq "2024-05-01T10:00:00.000+00:00"', 'members[value eq "m1" and type eq "User"]', 'groups.display lt "Z"',
]
PATHS = [
    "userName", "name.givenName", "emails", "emails.value", 'emails[type eq "work"]', 'emails[type eq "work" and not (primary eq true)].value',
    "members", 'members[value eq "2819c223"]', USER, ENTERPRISE, f"{ENTERPRISE}:manager.displayName", f"{USER}:name.familyName",
    "urn:example:ext:2.0:User", "urn:example:ext:2.0:User:part.deep", "urn:scim:schemas:core:1.0:userName", "id,meta.created , name.givenName",
    "$ref", "schemas", "password", "department",
]
OPERATIONS = [
    {"op": "add", "value": {"emails": [{"value": "b@example.com", "type": "home"}], "nickname": "B"}},
    {"op": "replace", "path": 'addresses[type eq "work"]', "value": {"locality": "Pécs", "primary": True}},
    {"op": "replace", "path": 'addresses[type eq "work"].streetAddress', "value": "1010 Broadway"},
    {"op": "remove", "path": 'emails[type eq "work" and value ew "example.com"]'},
    {"op": "add", "path": "members", "value": [{"display": "B", "$ref": "../Users/m1", "value": "m1"}]},
    {"op": "remove", "path": 'members[value eq "m1"]'}, {"op": "replace", "path": "members", "value": []}, {"op": "remove", "path": "members"},
    {"op": "replace", "value": {"id": "x", "schemas": [USER], "name.givenName": "A", f"{ENTERPRISE}:department": "D", "password": "p"}},
    {"op": "add", "path": ENTERPRISE, "value": {"manager": {"value": "m2"}, "costCenter": "1"}}, {"op": "remove", "path": ENTERPRISE},
    {"op": "add", "path": "urn:example:ext:2.0:User:tags", "value": ["c"]}, {"op": "remove", "path": "urn:example:ext:2.0:User:part.deep"},
    {"op": "remove", "path": "emails", "value": [{"value": "eva@example.com"}]}, {"op": "add", "path": 'roles[primary eq "True"].value', "value": "r"},
    {"op": "replace", "path": "active", "value": "False"}, {"op": "add", "path": "emails.value", "value": "x"}, {"op": "remove", "path": "name.givenName"},
]
RESOURCES = [
    {"schemas": [USER, ENTERPRISE], "userName": "bjensen", "externalId": "701984", "name": {"formatted": "Ms. B", "familyName": "Jensen"},
     "emails": [{"value": "b@example.com", "type": "work", "primary": True}, {"value": "b@jensen.org", "primary": True}],
     "x509Certificates": [{"value": "MII="}], ENTERPRISE: {"employeeNumber": "1", "manager": {"value": "m", "$ref": "../Users/m"}}, "active": True},
    {"schemas": [GROUP], "displayName": "Tour Guides", "members": [{"value": "m1", "$ref": "https://e/Users/m1", "type": "User"}, "m2"]},
    {"userName": "a", "urn:x:y": {"Level": 5, "a.b": [1, {"c": None}], "d-e": 1.2345678901234567e22}, "urn:x": {"y": {"z": ""}}, "password": "p"},
]


def bodies(case):
    for request in [*case.get("precondition", []), case.get("request", {}), *case.get("then", []), *case.get("follow", [])]:
        yield request.get("method"), request.get("path", ""), request.get("body")


def seeds(target):
    cases = [body for case in json.loads(CASES.read_text())["cases"] for body in bodies(case)]
    patches = [body for method, _, body in cases if method == "PATCH" and isinstance(body, dict)]
    resources = [body for method, _, body in cases if method in ("POST", "PUT") and body is not None]
    operations = [op for body in patches for op in body.get("Operations", []) if isinstance(op, dict)]
    queries = [urllib.parse.parse_qs(path.partition("?")[2]) for _, path, _ in cases]
    if target == "filter":
        yield from FILTERS
        yield from (text for query in queries for text in query.get("filter", []))
    elif target == "path":
        yield from PATHS
        yield from (op["path"] for op in operations if isinstance(op.get("path"), str))
        yield from (text for query in queries for key in ("attributes", "excludedAttributes") for text in query.get(key, []))
    elif target == "patch":
        yield from (json.dumps({"schemas": [PATCH], "Operations": [op]}) for op in OPERATIONS)
        yield json.dumps({"schemas": [PATCH], "Operations": OPERATIONS})
        yield from map(json.dumps, patches)
    elif target == "resource":
        yield from map(json.dumps, RESOURCES)
        yield from map(json.dumps, resources)
    elif target == "bulk":
        user, group, _ = RESOURCES
        made = {"method": "POST", "path": "/Users", "bulkId": "qwerty", "data": user}
        holds = {"method": "POST", "path": "/Groups", "bulkId": "ytrewq", "data": {**group, "members": [{"type": "User", "value": "bulkId:qwerty"}]}}
        yield json.dumps({"schemas": [BULK], "failOnErrors": 1, "Operations": [
            made, holds, {"method": "PUT", "path": "/Users/bulkId:qwerty", "data": user}, {"method": "DELETE", "path": "/Users/m1", "version": 'W/"1"'}]})
        yield json.dumps({"schemas": [BULK], "Operations": [holds, made]})
        for op in OPERATIONS:
            yield json.dumps({"schemas": [BULK], "Operations": [made, {"method": "PATCH", "path": "/Users/bulkId:qwerty", "data": {"Operations": [op]}}]})
    else:
        sys.exit(f"no target is called {target}")


def put(folder, data):
    (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    _, verb, target, folder = sys.argv
    folder, packed = Path(folder), HERE / "corpus" / f"{target}.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    if verb == "seed":
        for text in seeds(target):
            put(folder, text.encode())
    elif verb == "unpack":
        for line in packed.read_text().splitlines() if packed.exists() else []:
            put(folder, json.loads(line).encode("latin-1"))
    elif verb == "pack":
        inputs = sorted({path.read_bytes() for path in folder.iterdir() if path.is_file()}, key=lambda data: (len(data), data))
        kept = [data for data in inputs if len(data) <= LARGEST][:MOST]
        packed.write_text("".join(json.dumps(data.decode("latin-1")) + "\n" for data in kept))
        print(f"{len(kept)} of {len(inputs)} inputs, {packed.stat().st_size} bytes")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
