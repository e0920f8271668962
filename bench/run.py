#!/usr/bin/env python3
"""./dev bench [NAME...]: Weir beside its peers, on this machine, in one interleaved run. Docs: docs/benchmarks.md.

Names: call (CPU time per relayed call), degraded (neighbours of a server that answers nothing, a dead server behind a
warm cache, five times the capacity), cache (CPU time, rate and answer times of cache hits), syscalls, idle (memory per
idle connection, session and stream), npm (CPU time per call beside MCP gateways from npm). Default: all. It prints figures and targets and writes build/bench.json; it asserts
nothing and ends with 0 even when a target is missed. Options: --rounds N (5), --seconds S (2) of each measurement.
"""
import argparse
import json
import os
import resource
import signal
import sys

import caches
import degraded
import measure
import scenes
from peers import ROOT, Peers


def number(value):
    return "-" if value is None else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def spread(summary):
    if summary is None:
        return "-"
    return f"{number(summary[0])} ({number(summary[1])} to {number(summary[2])})"


def table(title, columns, rows):
    print(f"\n{title}")
    lines = [columns, *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def verdict(value, target, at_least=True):
    if target is None:
        return ""
    met = value >= target if at_least else value <= target
    return f"{'>=' if at_least else '<='} {target:g} {'met' if met else 'MISSED'}"


def show_ratios(title, unit, found, targets):
    """found: {case: {variant: [value per round]}}; the first variant is Weir."""
    rows, kept = [], {}
    for case, variants in found["values"].items():
        names = list(variants)
        ours = variants[names[0]]
        for name in names:
            ratio = measure.summary([theirs / mine for theirs, mine in zip(variants[name], ours)])
            target = targets.get((case, name))
            cost = measure.summary(variants[name])
            rows.append([case, name, spread(cost), "" if name == names[0] else spread(ratio),
                         verdict(ratio[0], target)])
            kept.setdefault(case, {})[name] = {"cost": cost, "ratio": ratio, "target": target}
    table(title, ["case", "variant", unit, "times Weir's", "target"], rows)
    load = measure.summary(found["foreign"])
    print(f"  medians (least to most) of {len(ours)} rounds; other load while measuring: {spread(load)} cores")
    return {"foreign_cores": load, "values": kept}


def show_cache(found):
    kept = show_ratios(f"cache: CPU time per hit, {caches.CONNECTIONS} connections", "us per hit", found, caches.TARGETS)
    rows = list(caches.rows_of(found))
    table("cache: rate of hits, and answer times at half of it", ["case", "variant", "hits per s", "of its core", "p50, us",
                                                                  "p99, us", "target"],
          [[case, name, *map(spread, figures),
            verdict(figures[3][0], caches.P99_US_MAX, False) if name == "weir" else ""]
           for case, name, *figures in rows])
    kept["rates"] = [dict(zip(("case", "variant", "per_second", "core", "p50_us", "p99_us"), row)) for row in rows]
    kept["bookkeeping"] = caches.bookkeeping()
    print(f"cache: {kept['bookkeeping']} (a million entries; target 64)")
    return kept


def show_counts(title, rows):
    table(title, ["case", "variant", "figure", "target", "in detail"],
          [[r["case"], r["variant"], number(r["figure"]), verdict(r["figure"], r.get("at_most"), False),
            r.get("detail", "")] for r in rows])
    return rows


def show_degraded(found):
    rows = degraded.rows_of(found)
    table("degraded: a server answers nothing, is dead, is overrun", ["case", "figure", "target"],
          [[case, spread(measure.summary(values)), verdict(measure.summary(values)[0], target, at_least)]
           for case, values, target, at_least in rows])
    return {case: measure.summary(values) for case, values, _, _ in rows}


def run(name, peers, options):
    if name == "degraded":
        return show_degraded(degraded.degraded(peers, options))
    if name == "call":
        return show_ratios("call: CPU time of the proxy per modern tools/call, 64 connections", "us per call",
                           scenes.call(peers, options), scenes.CALL_TARGETS)
    if name == "cache":
        return show_cache(caches.cache(peers, options))
    if name == "npm":
        return show_ratios("npm: CPU time of the gateway per legacy tools/call of a stdio server, 16 connections",
                           "us per call", scenes.npm(peers, options), scenes.NPM_TARGETS)
    if name == "syscalls":
        return show_counts("syscalls: system calls of the proxy per modern tools/call",
                           scenes.syscalls(peers, options))
    return show_counts("idle: user memory (KiB) per idle connection, session or stream", scenes.idle(peers, options))


def main():
    names = ["call", "cache", "degraded", "syscalls", "idle", "npm"]
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=2)
    options.add_argument("--build", default=os.path.join(ROOT, "build/release"), help="folder with bin/")
    given = options.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # peers end with us
    unknown = [name for name in given.names if name not in names]
    if unknown:
        options.error(f"there is no {unknown[0]}; choose from {', '.join(names)}")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    kept_path = os.path.join(ROOT, "build/bench.json")
    kept = {}
    if os.path.exists(kept_path):
        with open(kept_path, encoding="utf8") as file:
            kept = json.load(file)
    for name in given.names or names:
        weir = os.environ.get("WEIR_BIN", os.path.join(given.build, "bin/weir"))
        with Peers(weir, os.path.join(given.build, "bin/weir_bench_upstream")) as peers:
            try:
                kept[name] = run(name, peers, given)
            except (OSError, RuntimeError) as error:
                print(f"\n{name}: not measured: {error}")
    with open(kept_path, "w", encoding="utf8") as file:
        json.dump(kept, file, indent=1)
    print(f"\nkept in {os.path.relpath(kept_path)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
