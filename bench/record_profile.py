#!/usr/bin/env python3
"""./dev profile: counts which code runs how often, for the build that is shipped. Docs: docs/decisions/0015.

A Weir that counts (build/profile) serves what gateways serve: modern and legacy calls, answers of all sizes, lists,
programs, cache hits, callers with keys and with tokens. The counts of the files whose code ran often go into
tools/profile.tar.xz. Options: --seconds S (1) of each kind and size, four times that of relayed calls; --build FOLDER.
"""
import argparse
import glob
import hashlib
import lzma
import os
import re
import shutil
import subprocess
import sys
import tarfile

import measure
from peers import ROOT, Peers, node_binary, post
from scenes import CASES, JSON_MEDIA, Call, legacy_session, modern_body, modern_headers

KEPT = os.path.join(ROOT, "tools/profile.tar.xz")
OFTEN = 5000  # a file is kept if a line of it ran so often: about once for every thousandth call
KEY = "weir_dev_0123456789abcdef0123456789abcdef"


def modern(port, peers, seconds, headers=None):
    for tool in CASES.values():
        one = Call(peers, tool)
        one.headers.update(headers or {})
        measure.wrk(f"http://127.0.0.1:{port}/mcp", one.body, one.headers, seconds)


def legacy(port, peers, seconds):
    headers = legacy_session(port)
    for name, text in (
            ("call", '{"jsonrpc":"2.0","id":@ID@,"method":"tools/call","params":{"name":"bench__small","arguments":{}}}'),
            ("list", '{"jsonrpc":"2.0","id":@ID@,"method":"tools/list"}')):
        body = peers.file(f"legacy-{name}.json", text)
        measure.wrk(f"http://127.0.0.1:{port}/mcp", body, headers, seconds, connections=16)


def lists(port, peers, seconds):
    text = modern_body("").replace("tools/call", "tools/list")
    headers = {**modern_headers(""), "Mcp-Method": "tools/list"}
    headers.pop("Mcp-Name")
    status, _, answer = post(port, "/mcp", headers, text)
    if status != 200 or b'"tools"' not in answer:
        raise RuntimeError(f"tools/list was answered with {status} {answer[:200]!r}")
    measure.wrk(f"http://127.0.0.1:{port}/mcp", peers.file("lists.json", text), headers, seconds, connections=16)


def serve(peers, seconds):
    """The kinds of traffic, one Weir after the other: each writes its counts as it ends."""
    _, upstream = peers.upstream()
    servers = {"bench": {"url": f"http://127.0.0.1:{upstream}/mcp"}}
    kept = {"caching": {"l2": {"type": "none"}, "tools": {"bench.*": {"ttl": "1h", "scope": "public"}}}}
    hashed = hashlib.sha256(KEY.encode()).hexdigest()
    keys = {"auth": {"keys": [{"name": "dev", "hash": f"sha256:{hashed}"}]}}
    _, plain = peers.weir(servers)
    modern(plain, peers, 4 * seconds)  # most of what a gateway does
    legacy(plain, peers, seconds)
    lists(plain, peers, seconds)
    _, cached = peers.weir(servers, "cached", kept)
    modern(cached, peers, seconds)
    _, locked = peers.weir(servers, "locked", keys)
    modern(locked, peers, seconds, {"Authorization": f"Bearer {KEY}"})
    child = {"command": node_binary(), "args": [os.path.join(ROOT, "test/fixtures/stdio_legacy.mjs")]}
    _, bridged = peers.weir({"bench": child}, "bridged")
    body = peers.file("echo.json", modern_body("bench__echo").replace('"q":"where is it"', '"text":"where is it"'))
    measure.wrk(f"http://127.0.0.1:{bridged}/mcp", body, modern_headers("bench__echo"), seconds, connections=16)


def tokens(weir):
    subprocess.run([node_binary(), os.path.join(ROOT, "bench/unique_callers.mjs"), "--weir", weir, "--requests", "5000",
                    "--callers", "500"], check=True, stdout=subprocess.DEVNULL)


def most(file):
    """The largest count in a file of g++."""
    shown = subprocess.run(["gcov-dump-12", "-l", file], capture_output=True, text=True, check=True).stdout
    rows = re.findall(r":\s+\d+:((?: \d+)+)", shown)
    return max((int(count) for row in rows for count in row.split()), default=0)


def keep(files):
    with lzma.open(KEPT, "wb", preset=9 | lzma.PRESET_EXTREME) as out, tarfile.open(fileobj=out, mode="w") as archive:
        for file in files:
            entry = archive.gettarinfo(file, os.path.basename(file))
            entry.mtime = entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            entry.mode = 0o644
            with open(file, "rb") as content:
                archive.addfile(entry, content)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=1)
    options.add_argument("--build", default=os.path.join(ROOT, "build/profile"), help="folder with bin/ and counts/")
    given = options.parse_args()
    weir = os.path.join(given.build, "bin/weir")
    counts = os.path.join(given.build, "counts")
    shutil.rmtree(counts, ignore_errors=True)
    with Peers(weir, os.path.join(given.build, "bin/weir_bench_upstream")) as peers:
        serve(peers, given.seconds)
    tokens(weir)
    found = sorted(glob.glob(os.path.join(glob.escape(counts), "*.gcda")))
    kept = [file for file in found if most(file) >= OFTEN]
    if not kept:
        raise RuntimeError(f"no counts in {counts}: is it a build of the preset `profile`?")
    keep(kept)
    print(f"{len(kept)} of {len(found)} files kept in {os.path.relpath(KEPT, ROOT)}, {os.path.getsize(KEPT) // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
