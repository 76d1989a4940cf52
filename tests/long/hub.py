"""A hub of one binary for the long checks: its data directory, one instance with a key, and the process while it serves.
Standard library only; everything on the loopback interface; the process is ended by its own id."""
import http.client
import json
import os
import re
import statistics
import subprocess
import time
import urllib.parse
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "tests/kit/bench"


def headline():
    """Date and commit, for what was measured."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return f"{date.today()}, {commit or 'no commit'}, {os.cpu_count()} cores"


def load_generator(work):
    """Builds the programs of tests/kit/bench; the folder they are in."""
    env = {**os.environ, "CARGO_TARGET_DIR": str(work / "bench")}
    subprocess.run(["cargo", "build", "--quiet", "--release", "--locked", "--manifest-path", str(BENCH / "Cargo.toml")], env=env, check=True)
    return work / "bench/release"


class Hub:
    def __init__(self, binary, data, port):
        self.binary, self.data, self.port, self.process = binary, data, port, None
        self.slug = self.command("instance", "create", "Bench", "--json")["slug"]
        self.key = self.command("key", "create", self.slug, "--json")["key"]
        self.prefix = f"/scim/{self.slug}/v2"
        self.base = f"http://127.0.0.1:{port}{self.prefix}"
        self.start_command = f"{binary} --data-dir {data} serve --listen 127.0.0.1:{port}"
        self.link = None

    def command(self, *words):
        out = subprocess.run([self.binary, "--data-dir", self.data, *words], check=True, capture_output=True, text=True).stdout
        return json.loads(out)

    def start(self):
        """Starts it; the milliseconds until the first list was answered."""
        began = time.perf_counter()
        self.process = subprocess.Popen(self.start_command.split(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while time.perf_counter() - began < 60:
            try:
                if self.get("/Users?count=1")[0] == 200:
                    return (time.perf_counter() - began) * 1000
            except OSError:
                self.link = None
                time.sleep(0.001)
        raise SystemExit("the server is not up in 60 s")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(60)
            self.process, self.link = None, None

    def get(self, path):
        """Status and body of a GET over a connection that stays open."""
        if self.link is None:
            self.link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.link.request("GET", self.prefix + path, headers={"Authorization": f"Bearer {self.key}", "Accept": "application/scim+json"})
        answer = self.link.getresponse()
        return answer.status, answer.read()

    def json(self, path):
        status, body = self.get(path)
        if status != 200:
            raise SystemExit(f"GET {path} was answered {status}: {body[:300]!r}")
        return json.loads(body)

    def time(self, path, times=30):
        """The median milliseconds of a GET, after one that does not count; the body is read, not parsed."""
        self.json(path)
        took = []
        for _ in range(times):
            began = time.perf_counter()
            status, _ = self.get(path)
            took.append((time.perf_counter() - began) * 1000)
            if status != 200:
                raise SystemExit(f"GET {path} was answered {status}")
        return statistics.median(took)

    def memory(self):
        """Resident memory in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def named(self, name):
        return "/Users?filter=" + urllib.parse.quote(f'userName eq "{name}"')


def scimload(programs, hub, *options, timeout=3700):
    """Runs the load generator against a hub that is not running: it starts and ends it. Its measurements."""
    words = [programs / "scimload", "--base", hub.base, "--token", hub.key, "--start", hub.start_command, *options]
    out = subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True, timeout=timeout).stdout
    found = [json.loads(line) for line in out.splitlines()]
    for one in found:
        if "note" in one or one.get("errors"):
            print(f"! {one.get('workload')} at {one.get('size')}: {one.get('note') or one.get('first_error')}", flush=True)
    return found
