#!/usr/bin/env python3
"""tools/fuzz.py [TARGET [SECONDS]]: runs libFuzzer targets of build/fuzz (`./dev fuzz`), each for 20 s.

New inputs go to build/fuzz/corpus/TARGET; test/fuzz/corpus/TARGET is committed and only read. A crash leaves
its input in build/fuzz/crashes and is a failure.
"""
import base64
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / "build/fuzz/bin"
SECONDS = 20
INPUT_SECONDS_MAX = 5
MEMORY_MIB_MAX = 2048
SHOWN_BYTES = 4000
SHOWN_INPUT_BYTES = 3000
# The suites begin at the same place each time, so that a change is judged by what it changed. `./dev fuzz`
# goes elsewhere each time.
SUITE_SEED = 1


def targets():
    return sorted(p.name[: -len("_fuzz")] for p in BIN.glob("*_fuzz"))


def told(text):
    """The report of a finding: from its first line on, without the progress before it."""
    report = re.search(r"^.*(?:broken: |ERROR: |runtime error: |deadly signal).*$", text, re.M)
    return text[report.start() :][:SHOWN_BYTES] if report else text[-SHOWN_BYTES:]


def inputs(crashes, target, before):
    """What the finding came from, in base64: the file itself may be on a machine that is gone by then."""
    new = sorted(set(crashes.glob(f"{target}-*")) - before)
    return "".join(
        f"\n{path.name}: {base64.b64encode(path.read_bytes()[:SHOWN_INPUT_BYTES]).decode()}" for path in new
    )


def fuzz(target, seconds, seed=None):
    """(executions, problem): problem is empty when nothing was found. The log goes to build/logs."""
    found = ROOT / "build/fuzz/corpus" / target
    crashes = ROOT / "build/fuzz/crashes"
    known = ROOT / "test/fuzz/corpus" / target
    for folder in (found, crashes, ROOT / "build/logs"):
        folder.mkdir(parents=True, exist_ok=True)
    if not known.is_dir():
        return 0, f"no committed corpus: {known.relative_to(ROOT)}"
    command = [
        str(BIN / f"{target}_fuzz"),
        f"-max_total_time={seconds}",
        f"-timeout={INPUT_SECONDS_MAX}",
        f"-rss_limit_mb={MEMORY_MIB_MAX}",
        f"-artifact_prefix={crashes}/{target}-",
        "-print_final_stats=1",
    ]
    dictionary = ROOT / f"test/fuzz/{target}.dict"
    command += [f"-dict={dictionary}"] if dictionary.exists() else []
    command += [f"-seed={seed}"] if seed is not None else []
    before = set(crashes.glob(f"{target}-*"))
    log = ROOT / f"build/logs/fuzz-{target}.log"
    with open(log, "w", encoding="utf-8", errors="replace") as out:
        try:
            code = subprocess.run(
                command + [str(found), str(known)],
                stdout=out,
                stderr=out,
                check=False,
                timeout=seconds * 2 + 120,
            ).returncode
        except subprocess.TimeoutExpired:
            return 0, "hangs"
    text = log.read_text(encoding="utf-8", errors="replace")
    executed = re.search(r"stat::number_of_executed_units:\s*(\d+)", text)
    problem = "" if code == 0 else f"exit {code}{inputs(crashes, target, before)}\n{told(text)}"
    return int(executed.group(1)) if executed else 0, problem


def main():
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else SECONDS
    chosen = sys.argv[1:2] or targets()
    unknown = [t for t in chosen if t not in targets()]
    if unknown or not chosen:
        sys.exit(f"no fuzz target {' '.join(unknown)}; there are: {' '.join(targets()) or 'none'}")
    bad = 0
    for target in chosen:
        executions, problem = fuzz(target, seconds)
        print(
            f"{target}: {executions} executions in {seconds} s{': ' + problem if problem else ''}", flush=True
        )
        bad += bool(problem)
    return 1 if bad else 0


if __name__ == "__main__":
    os.environ.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    sys.exit(main())
