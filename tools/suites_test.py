#!/usr/bin/env python3
"""Proves that no test is counted that did not pass: runs small programs that end in every bad way."""
import sys
import tempfile
import unittest
from pathlib import Path

import suites

REPORT = """import sys
with open(sys.argv[1].split('xml:')[1], 'w') as report:
    report.write('<testsuites><testsuite>' + {cases!r} + '</testsuite></testsuites>')
{then}
"""
OK = '<testcase classname="A" name="Ok" status="run"/>'
SKIPPED = (
    '<testcase classname="A" name="S" status="run"><skipped message="x.cpp:3&#10;no network"/></testcase>'
)
DISABLED = '<testcase classname="A" name="DISABLED_D" status="notrun"/>'
FAILED = '<testcase classname="A" name="F" status="run"><failure>1 is not 2</failure></testcase>'


class Counting(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.addCleanup(setattr, suites, "LOGS", suites.LOGS)
        suites.LOGS = Path(place.name)

    def count(self, cases="", then="", limits=60):
        suites.PROGRAM_SECONDS_MAX["probe"] = limits
        command = [sys.executable, "-c", REPORT.format(cases=cases, then=then) if cases else then]
        return suites.run_gtest("probe", command, "probe", "probe")

    def test_passed_skipped_disabled_and_failed_tests_are_told_apart(self):
        count = self.count(OK + SKIPPED + DISABLED + FAILED, "sys.exit(1)")
        self.assertEqual((count.passed, count.failed), (1, 1))
        self.assertEqual(count.skipped, [("A.S", "no network"), ("A.DISABLED_D", "disabled")])
        self.assertEqual(count.failures, [("A.F", "1 is not 2")])

    def test_a_program_that_ends_badly_after_its_tests_is_a_failure(self):
        self.assertEqual(self.count(OK, "sys.exit(1)").failed, 1)
        self.assertEqual(self.count(OK, "import os; os.abort()").failed, 1)

    def test_a_program_without_a_report_is_a_failure(self):
        self.assertEqual(self.count("", "import os; os.abort()").failures[0][1].split("\n")[0], "signal 6")
        self.assertEqual(self.count("", "pass").failed, 1)

    def load(self, *lines):
        suites.PROGRAM_SECONDS_MAX["probe"] = 60
        then = "".join(f"print({line!r})\n" for line in lines[:-1]) + f"import sys; sys.exit({lines[-1]})"
        return suites.load_run([sys.executable, "-c", then], "probe")

    def test_a_load_run_counts_its_checks_and_never_passes_by_silence(self):
        good = self.load('{"calls":5}', "7 passed, 0 failed, 0 skipped", 0)
        self.assertEqual((good.passed, good.failed, good.notes), (7, 0, ['{"calls":5}']))
        bad = self.load("failed: no answer is crossed: 1", "6 passed, 1 failed, 0 skipped", 1)
        self.assertEqual((bad.passed, bad.failures[0][0]), (6, "no answer is crossed: 1"))
        self.assertEqual(self.load("7 passed, 0 failed, 0 skipped", 1).failed, 1)
        self.assertEqual(self.load("nothing", 0).failed, 1)

    def test_a_program_that_hangs_is_a_failure(self):
        count = self.count("", "import time; time.sleep(60)", limits=0.2)
        self.assertTrue(count.failures[0][1].startswith("hangs"))


if __name__ == "__main__":
    unittest.main()
