#!/usr/bin/env python3
"""Proves that weir_module() refuses a wrong need: configures small projects and reads what CMake says."""
import subprocess
import tempfile
import unittest
from pathlib import Path

MODULE = Path(__file__).resolve().parent.parent / "cmake/Module.cmake"


def configure(*calls):
    """(exit code, output with white space folded) of configuring a project that makes these calls."""
    with tempfile.TemporaryDirectory() as place:
        lines = [
            "cmake_minimum_required(VERSION 3.25)",
            "project(floors LANGUAGES NONE)",
            "add_library(Threads::Threads INTERFACE IMPORTED)",
            f"include({MODULE})",
            *calls,
        ]
        Path(place, "CMakeLists.txt").write_text("\n".join(lines), encoding="utf-8")
        done = subprocess.run(
            ["cmake", "-S", place, "-B", f"{place}/build"], capture_output=True, text=True, check=False
        )
        return done.returncode, " ".join((done.stdout + done.stderr).split())


class Floors(unittest.TestCase):
    def expect_refusal(self, message, *calls):
        code, output = configure(*calls)
        self.assertNotEqual(code, 0)
        self.assertIn(message, output)

    def test_a_need_that_points_down_is_accepted(self):
        code, output = configure(
            "weir_module(base FLOOR 0)",
            "weir_module(net FLOOR 1 NEEDS base)",
            "weir_module(edge FLOOR 4 NEEDS net base)",
        )
        self.assertEqual(code, 0, output)

    def test_a_sideways_need_stops_configuration(self):
        self.expect_refusal(
            "router is on floor 3; it may not need cache on floor 3",
            "weir_module(cache FLOOR 3)",
            "weir_module(router FLOOR 3 NEEDS cache)",
        )

    def test_an_upward_need_stops_configuration(self):
        self.expect_refusal(
            "net is on floor 1; it may not need edge on floor 4",
            "weir_module(edge FLOOR 4)",
            "weir_module(net FLOOR 1 NEEDS edge)",
        )

    def test_an_unknown_need_stops_configuration(self):
        self.expect_refusal("net needs base, which is unknown here", "weir_module(net FLOOR 1 NEEDS base)")

    def test_a_module_without_a_floor_stops_configuration(self):
        self.expect_refusal("weir_module(net): FLOOR must be 0 to 5", "weir_module(net NEEDS)")
        self.expect_refusal("weir_module(net): FLOOR must be 0 to 5", "weir_module(net FLOOR 6)")


if __name__ == "__main__":
    unittest.main()
