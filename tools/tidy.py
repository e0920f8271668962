#!/usr/bin/env python3
"""Style as a test: prints `file:line: rule: what to do` for each finding and exits 1 if there are any.

    tools/tidy.py [ROOT] [--json]     standard library only; about a second for the whole tree

The rules are functions in tidy_rules.py (text of one file) and tidy_tree.py (how files belong together).
"""
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import tidy_rules
import tidy_tree

SKIPPED_FOLDERS = {".git", "build", "node_modules", "corpus", "golden", "dist", ".cache", "__pycache__"}
TEXT_NAMES = set("CMakeLists.txt dev run .clang-format .clang-tidy .gitignore".split())
TEXT_SUFFIXES = set(".cpp .hpp .ipp .py .sh .mjs .js .ts .cmake .md .yaml .yml .json .txt".split())

STRIPPED = re.compile(
    r"//[^\n]*|/\*.*?\*/"  # comments
    r'|R"([^\s()\\]{0,16})\(.*?\)\1"'  # raw strings
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<!\d)'(?:\\[^\n']+|[^'\\\n])'",
    re.S,
)

COMMENT = re.compile(r"(?:(?<![:/])//|#|^\s*/?\*)(.*)")


def without_text(source):
    """The same lines with comments, strings and characters emptied, so that rules see code only."""

    def blank(match):
        found = match.group(0)
        lines = "\n" * found.count("\n")
        return lines if found[0] == "/" else '""' + lines if found[0] in '"R' else "' '"

    return STRIPPED.sub(blank, source)


def comments_of(lines):
    """(line number, comment) of each line that seems to have one: a string with # in it counts too."""
    found = [(number, COMMENT.search(line)) for number, line in enumerate(lines, 1)]
    return [(number, match.group(1)) for number, match in found if match]


class File:
    """One file of the tree. `path` is relative to the root, with slashes; `code` is set for C++ only.

    `prose` is what people read, by line: all of a page, the comments of everything else.
    """

    def __init__(self, root, full):
        self.path = full.relative_to(root).as_posix()
        self.name = full.name
        self.suffix = full.suffix
        self.text = full.read_text(encoding="utf-8", errors="replace")
        self.lines = self.text.split("\n")[: -1 if self.text.endswith("\n") else None]
        self.is_cpp = self.suffix in (".cpp", ".hpp", ".ipp")
        self.code = without_text(self.text) if self.is_cpp else ""
        parts = self.path.split("/")
        self.prose = list(enumerate(self.lines, 1)) if self.suffix == ".md" else comments_of(self.lines)
        if self.path.startswith("tools/tidy"):  # samples of what is wrong
            self.prose = []
        self.folder = parts[1] if parts[0] == "src" and len(parts) > 2 else ""
        self.is_test = parts[0] == "test" or full.stem.endswith("_test")

    def line_of(self, offset):
        return self.code.count("\n", 0, offset) + 1


def read_tree(root):
    files = []
    pending = [root]
    while pending:
        for entry in sorted(pending.pop().iterdir()):
            if entry.is_symlink():
                continue
            if entry.is_dir():
                if entry.name not in SKIPPED_FOLDERS:
                    pending.append(entry)
            elif entry.suffix in TEXT_SUFFIXES or entry.name in TEXT_NAMES:
                files.append(File(root, entry))
    return files


def findings(root):
    """A sorted list of (path, line, rule, message)."""
    root = Path(root).resolve()
    files = read_tree(root)
    found = set()
    for file in files:
        for rule in tidy_rules.RULES:
            found |= {(file.path, line, rule.__name__, message) for line, message in rule(file)}
    for rule in tidy_tree.RULES:
        found |= {(path, line, rule.__name__, message) for path, line, message in rule(root, files)}
    return sorted(found), len(files)


def main():
    places = [a for a in sys.argv[1:] if not a.startswith("-")]
    root = Path(places[0]) if places else Path(__file__).resolve().parent.parent
    found, count = findings(root)
    if "--json" in sys.argv:
        rules = [rule.__name__ for rule in tidy_rules.RULES + tidy_tree.RULES]
        print(json.dumps({"files": count, "rules": rules, "findings": found}))
    else:
        for path, line, rule, message in found:
            print(f"{path}:{line}: {rule}: {message}")
        print(f"tidy: {count} files, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
