#!/usr/bin/env python3
"""Proves each rule of tools/tidy.py: seeds a clean tree with one fault and expects its rule alone."""
import tempfile
import unittest
from pathlib import Path

import tidy

OPENING = "// One.\n// Two.\n// Three.\n#pragma once\n"
CLEAN = {
    "src/base/CMakeLists.txt": "weir_module(base FLOOR 0 SOURCES clock.cpp)\n",
    "src/base/README.md": "base\n",
    "src/base/clock.hpp": OPENING + "namespace weir::base { long now(); }\n",
    "src/base/clock.cpp": '#include "base/clock.hpp"\n',
    "src/net/CMakeLists.txt": "weir_module(net FLOOR 1 SOURCES wire.cpp wire_io.cpp\n"
    "  TESTS wire_test.cpp NEEDS base)\n",
    "src/net/README.md": "net\n",
    "src/net/wire.hpp": OPENING,
    "src/net/wire.cpp": '#include "base/clock.hpp"\n#include "net/internal/bits.hpp"\n',
    "src/net/wire_io.cpp": '#include "net/wire.hpp"\nTask<int> f() { co_return co_await g(); }\n',
    "src/net/wire_test.cpp": '#include "net/wire.hpp"\n#include "support/pipe.hpp"\n',
    "src/net/internal/bits.hpp": OPENING,
    "src/edge/CMakeLists.txt": "weir_module(edge FLOOR 4 SOURCES door.cpp NEEDS net)\n",
    "src/edge/README.md": "edge\n",
    "src/edge/door.cpp": '#include "net/wire.hpp"\n#include "base/clock.hpp"\n',
    "test/support/pipe.hpp": OPENING,
    "test/fuzz/CMakeLists.txt": "weir_fuzz(wire NEEDS net)\n",
    "test/fuzz/wire_fuzz.cpp": '#include "net/wire.hpp"\n',
    "tools/demo.py": "print('hello')\n",
    "docs/tour.md": "Start with [the numbers](requirements.md).\n",
    "docs/requirements.md": "| P029 | a |\n| P030 | b |\n| R-001 | c |\n",
}


def rules_broken(changes):
    """What the clean tree breaks after these changes: path -> text, appended when it starts with +."""
    with tempfile.TemporaryDirectory() as place:
        for path, text in {**CLEAN, **changes}.items():
            if text is None:
                continue
            text = CLEAN.get(path, "") + text[1:] if text.startswith("+") else text
            Path(place, path).parent.mkdir(parents=True, exist_ok=True)
            Path(place, path).write_text(text, encoding="utf-8")
        return {f"{path}: {rule}" for path, _, rule, _ in tidy.findings(place)[0]}


class Tidy(unittest.TestCase):
    def expect(self, path, text, rule):
        self.assertEqual(rules_broken({path: text}), {f"{path}: {rule}"}, text)

    def expect_clean(self, path, text):
        self.assertEqual(rules_broken({path: text}), set(), text)

    def test_the_clean_tree_is_clean(self):
        self.assertEqual(rules_broken({}), set())

    def test_sizes(self):
        self.expect("src/net/wire.cpp", "+" + "int a;\n" * 499, "file_length")
        self.expect_clean("src/net/wire.cpp", "+" + "int a;\n" * 498)
        self.expect("src/net/wire.cpp", "+// " + "x" * 108 + "\n", "line_width")
        self.expect_clean("src/net/wire.cpp", "+// " + "x" * 107 + "\n")
        self.expect_clean("src/net/wire.cpp", "+char const* a = R\"(" + "x" * 108 + "\n)\";\n")

    def test_function_length(self):
        def body(lines):
            return "{\n" + "  for (a; b; c) d();\n" * (lines - 2) + "}\n"

        for head in (
            "int f(int a) ",
            "int f(B b = {}, C c = {1}) ",
            "TEST(A, Says) ",
            "A::A() : a_{1}, b_(2) ",
            "auto A::f() const noexcept -> B ",
            "namespace x {\nclass A final : B {\n  void f() ",
        ):
            tail = "};\n}\n" if "class" in head else ""
            self.expect("src/net/wire.cpp", "+" + head + body(71) + tail, "function_length")
            self.expect_clean("src/net/wire.cpp", "+" + head + body(70) + tail)
        self.expect_clean("src/net/wire.cpp", "+namespace x {\n" + "int a;\n" * 80 + "}\n")

    def test_banned_names(self):
        for line in (
            "std::this_thread::sleep_for(1s);",
            "auto t = std::chrono::steady_clock::now();",
            "std::mutex m;",
            "std::thread worker;",
            "co_spawn(f, detached);",
            "int r = rand();",
            "std::getenv(\"A\");",
            "std::regex r;",
            "printf(\"x\");",
            "std::cout << 1;",
            "fmt::print(stderr, \"x\");",
            "using namespace std;",
            "class WireManager {};",
        ):
            self.expect("src/net/wire.cpp", f"+{line}\n", "banned_name")
            self.expect_clean("src/net/wire.cpp", f"+// {line}\n")
        self.expect_clean(
            "src/net/wire.cpp", "+timers.sleep_for(1s); std::fprintf(stderr, \"x\"); snprintf(b, 9, \"x\");\n"
        )
        self.expect_clean("src/base/clock.cpp", "+auto t = std::chrono::steady_clock::now();\n")

    def test_coroutines(self):
        self.expect("src/net/wire.cpp", "+Task<int> f() { co_return 1; }\n", "coroutine_place")
        self.expect(
            "src/net/wire_io.cpp", "+Task<int> f() { co_return co_await g({.a = 1}); }\n", "awaited_aggregate"
        )
        self.expect(
            "src/net/wire_io.cpp", "+Task<int> f() { co_await g(h{\n  .a = 1}); }\n", "awaited_aggregate"
        )
        self.expect_clean(
            "src/net/wire_io.cpp", "+Task<int> f() { G g{.a = 1}; co_await h(std::move(g)); }\n"
        )
        for capture in ("[&]", "[this]", "[=, a]"):
            self.expect(
                "src/net/wire_io.cpp",
                f"+auto f = {capture}(int b) -> Task<int> {{ co_return b; }};\n",
                "capturing_coroutine",
            )
        self.expect(
            "src/net/wire_test.cpp",
            "+auto f = [&] { spawn([&]() -> T { co_await a; }()); };\n",
            "capturing_coroutine",
        )
        self.expect_clean("src/net/wire_io.cpp", "+auto f = [](int b) -> Task<int> { co_return b; };\n")
        self.expect_clean(
            "src/net/wire_io.cpp", "+auto f = [&] { return [](int b) -> Task<int> { co_return b; }; };\n"
        )
        self.expect_clean(
            "src/net/wire_io.cpp", "+T f() { a[i] = 1; co_return b([&](int c) { return c; }); }\n"
        )

    def test_openings_and_names(self):
        self.expect("src/net/wire.hpp", "// One.\n// Two.\n#pragma once\n", "header_opening")
        self.expect("src/net/wire.hpp", "// One.\n// Two.\n// Three.\n", "header_opening")
        self.assertIn(
            "src/net/Wire.hpp: file_name",
            rules_broken({"src/net/Wire.hpp": OPENING, "src/net/wire.cpp": '+#include "net/Wire.hpp"\n'}),
        )

    def test_markers_and_machines(self):
        self.expect("src/net/wire.cpp", "+// TO" + "DO: more\n", "marker")
        for path in ("/ro" + "ot/weir", "/home/" + "carol/weir", "/wo" + "rk/main"):
            self.expect("tools/demo.py", f"a = '{path}'\n", "machine_path")
        self.expect("tools/demo.py", "a = 'https://registry.npm" + "js.org/x'\n", "machine_path")
        self.expect("package-lock.json", '{"resolved": "https' + '://a/b.tgz"}\n', "machine_path")

    def test_includes(self):
        self.expect("src/base/clock.cpp", '+#include "net/wire.hpp"\n', "include_direction")
        self.expect("src/net/wire.cpp", '+#include "wire.hpp"\n', "include_direction")
        self.expect("src/net/wire.cpp", '+#include "nowhere/a.hpp"\n', "include_direction")
        self.expect("src/net/wire.cpp", '+#include "support/pipe.hpp"\n', "include_direction")
        self.expect("src/edge/door.cpp", '+#include "net/internal/bits.hpp"\n', "include_direction")
        self.expect("test/fuzz/wire_fuzz.cpp", '+#include "net/internal/bits.hpp"\n', "internal_privacy")
        changed = rules_broken({"src/edge/CMakeLists.txt": "weir_module(edge FLOOR 4 SOURCES door.cpp)\n"})
        self.assertEqual(changed, {"src/edge/door.cpp: include_direction"})

    def test_readmes(self):
        self.assertEqual(rules_broken({"src/net/README.md": None}), {"src/net/README.md: folder_readme"})
        self.expect("src/net/README.md", "line\n" * 41, "folder_readme")

    def test_cited_numbers(self):
        for cited in ("P031", "R-002", "F-01", "T-66", "C-7", "P029…P031", "R-001 to R-003"):
            self.expect("src/net/wire.cpp", f"+int a;  // {cited}\n", "cited_number")
            self.expect("docs/tour.md", f"Proved by {cited}.\n", "cited_number")
        self.expect("tools/demo.py", "a = 1  # P031\n", "cited_number")
        self.expect("test/look.mjs", "/* Looks.\n * P031\n */\n", "cited_number")
        self.expect_clean("src/net/wire.cpp", "+a(\"P031\");  // P029…P030, R-001; UTF-8, AP031\n")

    def test_cited_pages(self):
        for cited in ("lost.md 4.2", "docs/lost.md", "../tour.md"):
            self.expect("src/net/wire.cpp", f"+// {cited}\n", "cited_page")
        self.expect("docs/tour.md", "[lost](lost.md)\n", "cited_page")
        self.expect("docs/tour.md", "[lost](net/requirements.md)\n", "cited_page")
        self.expect_clean("src/net/wire.cpp", "+// docs/tour.md\nchar const* a = \"file:///lost.md\";\n")
        self.expect_clean("docs/tour.md", "[a](requirements.md#x), docs/requirements.md, each README.md\n")

    def test_flaw_table(self):
        row = "| R-001 | c |\n| F-01 | a |\n"
        test = '#include "net/wire.hpp"\n#include "support/pipe.hpp"\nTEST_F(Wires,\n       Hold_F01) {}\n'
        tree = {"docs/requirements.md": "+" + row, "src/net/wire_test.cpp": test}

        def broken(line):
            return rules_broken({**tree, "docs/flaws.md": line + "\n"})

        self.assertEqual(broken("| F-01 | breaks | `Wires.Hold_F01` | src/net/wire_test.cpp |"), set())
        for line in (
            "| F-01 | breaks | `Wires.Hold` | src/net/wire_test.cpp |",
            "| F-01 | breaks | `Wire.Hold_F01` | src/net/wire_test.cpp |",
            "| F-01 | breaks | `Wires.Hold_F01` | src/net/wire.cpp |",
            "| F-01 | breaks | `Wires.Hold_F01` | src/net/lost_test.cpp |",
            "| F-01 | breaks | Wires.Hold_F01 | src/net/wire_test.cpp |",
            "| F-01 | breaks |",
        ):
            self.assertEqual(broken(line), {"docs/flaws.md: flaw_table"}, line)

    def test_dead_files(self):
        self.expect("src/net/lost.cpp", "int a;\n", "dead_file")
        self.expect("src/net/lost.hpp", OPENING, "dead_file")
        self.expect("test/fuzz/lost_fuzz.cpp", "int a;\n", "dead_file")


if __name__ == "__main__":
    unittest.main()
