"""Rules of tools/tidy.py about how files belong together: (root, files) -> (path, line, message)."""
import posixpath
import re

README_LINES_MAX = 40
REQUIREMENTS = "docs/requirements.md"
FLAWS = "docs/flaws.md"
NUMBER = r"(?:[RF]-\d{2,3}|C-\d{1,2}|T-\d{2}|P\d{3})"
CITED = re.compile(rf"(?<![\w-]){NUMBER}(?:(?:…| to ){NUMBER})?(?![\w-])")
FLAW_ROW = re.compile(r"\| (F-\d\d) \| [^|]+ \| `([^`]+)` \| ([^| ]+) \|")
PAGE = re.compile(r"(?<![\w./*-])[\w./-]*\w\.md\b(?!/)")
MODULE = re.compile(r"weir_module\(\s*(\w+)\s+FLOOR\s+(\d)(.*?)\)", re.S)
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def without_comments(text):
    return re.sub(r"#[^\n]*", "", text)


def modules(files):
    """name -> (floor, names it may include: its needs and theirs)."""
    floors, needs = {}, {}
    for file in files:
        if file.name == "CMakeLists.txt" and file.path.startswith("src/"):
            for name, floor, rest in MODULE.findall(without_comments(file.text)):
                listed = re.search(r"\bNEEDS\b((?:\s+(?!SOURCES|TESTS|LIBRARIES)\w+)*)", rest)
                floors[name], needs[name] = int(floor), listed.group(1).split() if listed else []

    def reachable(name, seen):
        for need in needs.get(name, []):
            if need not in seen:
                seen.add(need)
                reachable(need, seen)
        return seen

    return {name: (floor, reachable(name, set())) for name, floor in floors.items()}


def include_problem(file, target, known, test_folders):
    """Why `file` may not include "target", or None."""
    parts = target.split("/")
    if len(parts) < 2:
        return f'write it from src/: "{file.folder}/{target}"'
    other = parts[0]
    if other == file.folder:
        return None
    if other in test_folders:
        return None if file.is_test else "product code may not include test code"
    if other not in known:
        return f"{other} is no folder of src"
    if "internal" in parts[1:-1]:
        return f"internal/ belongs to {other} alone"
    floor, reachable = known[file.folder]
    other_floor = known[other][0]
    if other_floor >= floor:
        return f"{file.folder} is on floor {floor}; it may not include {other} on floor {other_floor}"
    if other not in reachable:
        return f"{file.folder} does not need {other}: add it to NEEDS in src/{file.folder}/CMakeLists.txt"
    return None


def include_direction(_, files):
    known = modules(files)
    test_folders = {f.path.split("/")[1] for f in files if f.is_cpp and f.path.startswith("test/")}
    for file in files:
        if file.is_cpp and file.folder in known:
            for number, line in enumerate(file.lines, 1):
                match = INCLUDE.match(line)
                problem = include_problem(file, match.group(1), known, test_folders) if match else None
                if problem:
                    yield file.path, number, problem


def internal_privacy(_, files):
    """Test code outside src obeys too; inside src include_direction looks."""
    for file in files:
        if file.is_cpp and file.path.startswith("test/"):
            for number, line in enumerate(file.lines, 1):
                if INCLUDE.match(line) and "/internal/" in line:
                    yield file.path, number, "internal/ may be included by its own folder only"


def folder_readme(_, files):
    readmes = {f.path: f for f in files if f.name == "README.md"}
    for folder in sorted({f.folder for f in files if f.folder}):
        path = f"src/{folder}/README.md"
        if path not in readmes:
            yield path, 1, "missing: purpose, types, must-nots, start here"
        elif len(readmes[path].lines) > README_LINES_MAX:
            yield path, README_LINES_MAX + 1, f"{len(readmes[path].lines)} lines, at most {README_LINES_MAX}"


def dead_file(_, files):
    """A source that no CMakeLists.txt above it names, or a header that nobody includes."""
    lists = {
        f.path.rsplit("/", 1)[0]: without_comments(f.text)
        for f in files
        if f.name == "CMakeLists.txt" and "/" in f.path
    }
    included = {m.group(1) for f in files if f.is_cpp for m in map(INCLUDE.match, f.lines) if m}
    for file in files:
        top = file.path.split("/")[0]
        if not file.is_cpp or top not in ("src", "test"):
            continue
        if file.suffix != ".cpp":
            shown = file.path[len(top) + 1 :]
            if shown not in included and not any(shown.endswith("/" + i) for i in included):
                yield file.path, 1, "nobody includes it"
            continue
        stem = file.name[: -len(".cpp")]
        fuzz = rf"weir_fuzz\(\s*{stem[:-5]}\b" if stem.endswith("_fuzz") else r"(?!)"
        folder = file.path.rsplit("/", 1)[0]
        above = [text for place, text in lists.items() if folder == place or folder.startswith(place + "/")]
        if not any(re.search(rf"(?<![\w.]){re.escape(file.name)}(?![\w.])|{fuzz}", text) for text in above):
            yield file.path, 1, "no CMakeLists.txt names it"


def numbers(citation):
    """P029 -> P029; R-120…R-122 -> R-120, R-121, R-122."""
    first, last = re.match(NUMBER, citation).group(0), re.search(NUMBER + "$", citation).group(0)
    letters, digits = re.match(r"\D+", first).group(0), len(re.search(r"\d+$", first).group(0))
    for number in range(int(first[len(letters) :]), int(last[len(letters) :]) + 1):
        yield f"{letters}{number:0{digits}}"


def cited_number(_, files):
    text = next((f.text for f in files if f.path == REQUIREMENTS), "")
    listed = set(re.findall(rf"^\| ({NUMBER}) \|", text, re.M))
    for file in files:
        for line, text in file.prose if file.path != REQUIREMENTS else []:
            for number in (n for citation in CITED.findall(text) for n in numbers(citation)):
                if number not in listed:
                    yield file.path, line, f"{number}: say in one line of {REQUIREMENTS} what it asks"


def cited_page(_, files):
    """Comments name pages from the root, pages from where they are; a README may be that of any folder."""
    pages = {f.path for f in files if f.suffix == ".md"}
    for file in files:
        for line, text in file.prose:
            for page in PAGE.findall(text):
                near = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), page))
                if page not in pages and near not in pages and posixpath.basename(page) != "README.md":
                    yield file.path, line, f"{page} is not in the repository: cite a number or say why"


def holds_test(file, name):
    suite, _, test = name.partition(".")
    return re.search(rf"\bTEST(?:_F|_P)?\(\s*{re.escape(suite)},\s*{re.escape(test)}\s*\)", file.text)


def flaw_table(_, files):
    """Each test that is said to see a flaw is where the table says."""
    by_path = {f.path: f for f in files}
    page = by_path.get(FLAWS)
    for number, line in enumerate(page.lines if page else [], 1):
        if not line.startswith("| F-"):
            continue
        row = FLAW_ROW.fullmatch(line)
        if row is None:
            yield FLAWS, number, "a row is: number, flaw, `Suite.Test`, file"
        elif row[3] not in by_path or not holds_test(by_path[row[3]], row[2]):
            yield FLAWS, number, f"{row[2]} is not in {row[3]}: name the test that sees {row[1]}"


RULES = [
    include_direction,
    internal_privacy,
    folder_readme,
    dead_file,
    cited_number,
    cited_page,
    flaw_table,
]
