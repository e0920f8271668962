"""The scene `degraded`: what failing servers cost the others, and what their callers get. Weir alone, interleaved."""
import json
import os
import signal
import subprocess
import time
import urllib.request

import measure
from peers import post
from scenes import modern_body, modern_headers, request_bytes

NEIGHBOURS = 9
RATE = 2000            # calls per second to the healthy servers
DEAD_RATE = 2000
SERVICE_MS = 1         # of the tool `work`: its server does one at a time
OVERLOAD = 5
P99_DEAD_US_MAX = 2000
REFUSED_US_MAX = 10_000
GOODPUT_MIN = 0.9
NEIGHBOUR_MAX = 1.05


def paced(peers, build, port, tool, rate, seconds, *words, connections=64, path="/mcp"):
    """Answer times of one call at that rate; with `any`, refusals are counted apart, and see bench/paced.cpp for `sleep`."""
    request = os.path.join(peers.dir, f"{tool}.{path.strip('/').replace('/', '-')}.request")
    with open(request, "wb") as file:
        file.write(request_bytes(path, modern_headers(tool), modern_body(tool)))
    command = ["taskset", "-c", str(measure.LOAD_CORE), os.path.join(build, "bin/weir_bench_paced"), str(port), request,
               str(rate), str(seconds), str(connections), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds * 3 + 30)
    if done.returncode != 0:
        raise RuntimeError(f"weir_bench_paced: exit {done.returncode}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def hammer(peers, build, port, path, seconds):
    """A few calls of the tenth server, beside whatever is measured."""
    request = os.path.join(peers.dir, "hammer.request")
    with open(request, "wb") as file:
        file.write(request_bytes(path, modern_headers("small"), modern_body("small")))
    return subprocess.Popen(["taskset", "-c", str(measure.LOAD_CORE), os.path.join(build, "bin/weir_bench_paced"), str(port),
                             request, "50", str(seconds), "256", "any", "sleep"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def neighbours(peers, options):
    """p99 of nine healthy servers: twice in the same way (A/A), then while the tenth answers nothing."""
    _, good = peers.upstream()
    hole_pid, hole = peers.upstream()
    servers = {f"s{i}": {"url": f"http://127.0.0.1:{good}/mcp"} for i in range(NEIGHBOURS)}
    servers["hole"] = {"url": f"http://127.0.0.1:{hole}/mcp"}
    _, port = peers.weir(servers, more={"degradation": {"hole": {"timeout_ms": 1000, "breaker": {"enabled": False}}}})
    def measured(i):
        beside = hammer(peers, options.build, port, "/mcp/hole", options.seconds + 1)
        try:
            time.sleep(0.5)
            return paced(peers, options.build, port, "small", RATE, options.seconds, "sleep", path=f"/mcp/s{i % NEIGHBOURS}")["p99_us"]
        finally:
            beside.wait(60)

    measured(0)
    found = {"A": [], "A again": [], "black hole": []}
    for i in range(options.rounds):
        found["A"].append(measured(i))
        found["A again"].append(measured(i))
        os.kill(hole_pid, signal.SIGSTOP)
        try:
            found["black hole"].append(measured(i))
        finally:
            os.kill(hole_pid, signal.SIGCONT)
    return found


def dead(peers, options):
    """Answer times of stale copies once the breaker of a dead server is open; all of them answered."""
    child_pid, upstream = peers.upstream()
    _, port = peers.weir({"bench": {"url": f"http://127.0.0.1:{upstream}/mcp"}}, name="dead", more={
        "caching": {"l2": {"type": "none"}, "stale_while_revalidate": "0s", "tools": {"bench.*": {"ttl": "1s", "scope": "public"}}},
        "degradation": {"bench": {"timeout_ms": 1000, "cache_stale_ok": True, "breaker": {"recovery_timeout_s": 3600}}}})
    for _ in range(2):
        post(port, "/mcp", modern_headers("bench__small"), modern_body("bench__small"))
    os.kill(child_pid, signal.SIGKILL)
    time.sleep(2)  # the copy is a stale one now
    for _ in range(8):
        post(port, "/mcp", modern_headers("bench__small"), modern_body("bench__small"))
    found = {"p50": [], "p99": []}
    for _ in range(options.rounds):
        told = paced(peers, options.build, port, "bench__small", DEAD_RATE, options.seconds)
        found["p50"].append(told["p50_us"])
        found["p99"].append(told["p99_us"])
    _, headers, _ = post(port, "/mcp", modern_headers("bench__small"), modern_body("bench__small"))
    if not headers.get("weir-degraded", "").startswith("stale; reason=breaker_open"):
        raise RuntimeError(f"no stale answers of an open breaker: {headers}")
    return found


def overload(peers, options):
    """Goodput at the server's capacity and at five times of it, times of refusals, and afterwards."""
    _, upstream = peers.upstream()
    _, port = peers.weir({"bench": {"url": f"http://127.0.0.1:{upstream}/mcp"}}, name="overload", more={
        "degradation": {"bench": {"timeout_ms": 2000, "concurrency": {"queue": 64}, "breaker": {"slow_ms": 2000}}}})
    capacity = 1000 / (SERVICE_MS + 0.1)
    run = lambda rate, seconds=options.seconds: paced(peers, options.build, port, "bench__work", rate, seconds,
                                                      "any", "sleep", connections=1000)
    run(capacity / 2)
    found = {"peak": [], "goodput": [], "forming_p99": [], "refused_p99": [], "after": []}
    for _ in range(options.rounds):
        peak = run(capacity * 0.9)
        forming = run(capacity * OVERLOAD, 1)
        crowd = run(capacity * OVERLOAD)
        time.sleep(2)
        after = run(capacity * 0.5)
        found["peak"].append(peak["good_per_second"])
        found["goodput"].append(crowd["good_per_second"] / peak["good_per_second"])
        found["forming_p99"].append(forming["refused_p99_us"])
        found["refused_p99"].append(crowd["refused_p99_us"])
        found["after"].append(after["good"] / (after["good"] + after["refused"]))
    return found


def rows_of(found):
    """[(case, figure, target, at_least)]"""
    pairs = zip(found["neighbours"]["A"], found["neighbours"]["A again"], found["neighbours"]["black hole"])
    same, beside = [], []
    for one, again, hole in pairs:
        same.append(again / one)
        beside.append(hole / min(one, again) if hole < min(one, again) else hole / max(one, again))
    bound = max(NEIGHBOUR_MAX, max(same))
    return [
        ("neighbours: p99, A again ÷ A", same, None, True),
        ("neighbours: p99 beside a black hole ÷ A", beside, bound, False),
        ("dead server, warm cache: p50, us", found["dead"]["p50"], None, True),
        ("dead server, warm cache: p99, us", found["dead"]["p99"], P99_DEAD_US_MAX, False),
        ("overload: answers per second near capacity", found["overload"]["peak"], None, True),
        ("overload: goodput at 5 times ÷ that", found["overload"]["goodput"], GOODPUT_MIN, True),
        ("overload: p99 of refusals in its first second, us", found["overload"]["forming_p99"], None, False),
        ("overload: p99 of refusals, us", found["overload"]["refused_p99"], REFUSED_US_MAX, False),
        ("overload: share answered 2 s later", found["overload"]["after"], 1.0, True),
    ]


def degraded(peers, options):
    return {"neighbours": neighbours(peers, options), "dead": dead(peers, options), "overload": overload(peers, options)}
