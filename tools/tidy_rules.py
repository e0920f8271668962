"""Rules of tools/tidy.py about one file. Each takes a File and yields (line, message)."""
import re

LINES_MAX = 500
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 110
HEADER_COMMENT_LINES_MIN = 3

SOURCES = (".cpp", ".hpp", ".ipp", ".py", ".sh", ".mjs", ".js", ".ts")

# What has one truth per process has a short lock; everything else belongs to one worker and needs none.
# Path prefix under src/ -> why a mutex is right there.
MUTEX_ALLOWED = {
    "base/bounded_table": "one truth per process, short sharded sections",
    "base/table_shard": "one truth per process, short sharded sections",
    "base/owner_ledger": "one truth per process, short sharded sections",
    "store/": "one truth per process, short sections; files have a thread of their own",
    "cache/": "one truth per process, short sharded sections",
    "app/standby_files": "one truth per process, short sections",
    "app/callers": "one truth per process, held for a copy only",
    "auth/known_tokens": "verdicts are one truth per process, with the ends of their tokens; short sections",
    "auth/token_issuer": "an issuer's keys are one truth per process, held for a copy only",
    "fallback/": "files have a thread of their own; short sections",
    "resilience/": "breakers and budgets are one truth per process; short sections",
    "session/": "a client may be served by every worker at once; short sections",
    "oauth/token_cache": "one truth per process, short sections",
    "oauth/refresh_book": "one truth per process; a small file is written by whoever changes it",
    "oauth/revocation_loop": "what any worker lets go of is revoked by one; a queue between threads",
    "bridge/parked_calls": "one truth per process, short sections",
    "limits/": "one truth per process, short sections",
    "observe/": "metrics and the log are written by every worker",
    "net/internal/tls_sessions": "connections of all workers share what servers gave them; short sections",
    "net/side_thread": "a queue between threads; short sections",
    "net/tls_contexts": "one truth per process, short sections",
    "net/trusted_dialer": "what is trusted changes while workers dial; short sections",
    "core/credential_slot": "read by a server's home, changed by the first worker; short sections",
    "net/internal/name_lookup_io": "a look-up may outlive the loop that it answers to",
}

# What is banned in src, where it is right, why, and what to use. Tests obey unless the place says so.
BANNED = [
    (
        r"\bthis_thread\s*::\s*sleep_|\b(?:usleep|nanosleep)\s*\(",
        ("observe/log.cpp",),  # a dying process
        "blocks a worker",
        "await Timers, or move virtual time",
    ),
    (
        r"\b(?:steady|system|high_resolution)_clock\s*::\s*now\b",
        ("base/clock.cpp", "*_bench.cpp"),
        "hides time from tests",
        "take `now` as an argument or ask base::Clock",
    ),
    (
        r"\bstd::(?:recursive_|shared_|timed_)?mutex\b|\bstd::condition_variable\b",
        tuple(MUTEX_ALLOWED) + ("*_test.cpp",),
        "state belongs to one worker",
        "keep it on its worker, or use the bounded table",
    ),
    (r"\bdetached\b", (), "nobody owns it", "spawn into a TaskGroup member"),
    (
        r"\bstd::j?thread\b(?!\s*::)",
        (
            "base/",
            "observe/log.cpp",
            "net/side_thread",
            "net/internal/name_lookup_io.cpp",
            "store/",
            "fallback/file_thread.",
            "app/worker_thread.",
            "*_test.cpp",
        ),
        "the process has workers and named helpers only",
        "a TaskGroup on a worker",
    ),
    (
        r"\bs?rand\s*\(|\brandom_device\b|\bmt19937",
        ("base/random.cpp",),
        "cannot be replayed",
        "base::Random",
    ),
    (r"\bgetenv\s*\(", ("app/", "*_test.cpp"), "hidden input", "read it in app and pass it as an option"),
    (
        r"\bstd::regex|\bboost::regex",
        (),
        "unbounded time and memory on hostile input",
        "a hand-written matcher",
    ),
    (
        r"(?<![\w:])(?:std::)?(?:printf|puts|putchar)\s*\(|\bstd::cout\b|\bfmt::print\s*\(\s*\"",
        ("app/", "*_test.cpp"),
        "stdout carries protocol or results",
        "observe::Log, or print in app",
    ),
    (
        r"\bfmt::print(?:ln)?\s*\(\s*stderr\b",
        (),
        "throws where stderr cannot be written, and ends a gateway that runs",
        "base::say",
    ),
    (r"\busing\s+namespace\s+std\s*;", (), "imports names by the hundred", "name what is used"),
    (
        r"\b(?:class|struct)\s+\w*(?:Manager|Helper|Util|Utils|Impl|Data)\b",
        (),
        "says nothing",
        "name what it holds or does",
    ),
]
BANNED = [(re.compile(pattern), *rest) for pattern, *rest in BANNED]

RAW_STRING = re.compile(r'R"([^\s()\\]{0,16})\(.*?\)\1"', re.S)  # sample text stands as it is
SHELLS = re.compile(r"_(?:io|layer|loop)\.[chi]pp$")
COROUTINE = re.compile(r"\bco_(?:await|return|yield)\b")
MARKER = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
MACHINE_PATH = re.compile(r"(?<![\w.:/~-])/(?:root|work|Users|home/(?!(?:user|alice|me|u)\b)\w+)/")
REGISTRY = re.compile(
    r"registry\.npmjs|registry\.yarnpkg|pypi\.org|crates\.io|deb\.debian\.org|\"resolved\":\s*\"http"
)


def applies(file, exempt):
    inside = file.path[len("src/") :] if file.path.startswith("src/") else file.path
    return not any(file.path.endswith(e[1:]) if e[0] == "*" else inside.startswith(e) for e in exempt)


def file_length(file):
    if file.suffix in SOURCES and len(file.lines) > LINES_MAX:
        yield LINES_MAX + 1, f"{len(file.lines)} lines, at most {LINES_MAX}: split by subject"


def line_width(file):
    table_script = str(file.path).startswith("bench/")  # long tables of figures and of peers' settings
    if file.suffix in (".cpp", ".hpp", ".ipp", ".py", ".sh", ".cmake") and not table_script:
        text = (
            RAW_STRING.sub(lambda raw: "\n" * raw.group(0).count("\n"), file.text)
            if file.is_cpp
            else file.text
        )
        for number, line in enumerate(text.split("\n"), 1):
            if len(line) > COLUMNS_MAX:
                yield number, f"{len(line)} columns, at most {COLUMNS_MAX}"


def without_brackets(code):
    """`template <class T> struct alignas(8) A` becomes `template struct alignas A`."""
    before = None
    while before != code:
        before, code = code, re.sub(r"<[^<>]*>|\([^()]*\)", "", code)
    return code


def functions(code):
    """Yields (offset of the opening brace, of the closing one) of function bodies outside functions."""
    stack, start, parens = [], 0, 0
    for match in re.finditer(r"[{}();]", code):
        at, mark = match.start(), match.group(0)
        in_function = bool(stack) and stack[-1][0]
        if mark in "()":
            parens += 1 if mark == "(" else -1
        elif mark == ";" and parens == 0:
            start = at + 1
        elif mark == "{":
            head = code[start:at]
            scope = re.search(r"\b(?:class|struct|union|enum|namespace)\b", without_brackets(head))
            body = not in_function and parens == 0 and "(" in head and not scope
            stack.append((in_function or body or parens > 0, body, at, parens))
            if not stack[-1][0]:
                start = at + 1
            parens = 0
        elif mark == "}" and stack:
            _, body, opened, parens = stack.pop()
            if body:
                yield opened, at
            # In `a_{1}, b_{2} {` the first braces do not end the constructor.
            if parens == 0 and not re.match(r"\s*[,{]", code[at + 1 : at + 200]):
                start = at + 1


def function_length(file):
    if file.is_cpp:
        for opened, closed in functions(file.code):
            lines = file.code.count("\n", opened, closed) + 1
            if lines > FUNCTION_LINES_MAX:
                yield file.line_of(
                    opened
                ), f"function of {lines} lines, at most {FUNCTION_LINES_MAX}: name its parts"


def banned_name(file):
    if file.is_cpp and file.path.startswith("src/"):
        for pattern, exempt, reason, instead in BANNED:
            if applies(file, exempt):
                for match in pattern.finditer(file.code):
                    yield file.line_of(match.start()), f"`{match.group(0).strip()}` {reason}; {instead}"


def coroutine_place(file):
    if not file.is_cpp or file.is_test or file.folder in ("", "base") or SHELLS.search(file.path):
        return
    match = COROUTINE.search(file.code)
    if match:
        yield file.line_of(
            match.start()
        ), f"{match.group(0)} outside a shell: name the file *_io, *_layer or *_loop"


def awaited_aggregate(file):
    """g++ 12 destroys an aggregate temporary of a co_await expression twice."""
    if file.is_cpp:
        for match in re.finditer(r"\bco_await\b[^;{]*\{\s*\.\w", file.code):
            yield file.line_of(
                match.start()
            ), "aggregate temporary inside co_await: name it first, then move it in"


def closing(code, at):
    """Offset after the bracket that closes the one at `at`."""
    pairs, depth = {"(": ")", "[": "]", "{": "}"}, 0
    opened, closed = code[at], pairs[code[at]]
    for match in re.finditer(re.escape(opened) + "|" + re.escape(closed), code[at:]):
        depth += 1 if match.group(0) == opened else -1
        if depth == 0:
            return at + match.end()
    return len(code)


LAMBDA = re.compile(r"(?<![\w\])])\[([^\[\]]*)\]\s*(?=[({])")


def lambda_body(code, match):
    """(start, end) of the body of the lambda whose capture list matched, or None."""
    at = match.end()
    if at < len(code) and code[at] == "(":
        at = closing(code, at)
    brace = re.compile(r"[^;{}()]*\{").match(code, at)
    return (brace.end() - 1, closing(code, brace.end() - 1)) if brace else None


def capturing_coroutine(file):
    """The captures of a lambda die with the lambda object, usually before the coroutine ends."""
    if not file.is_cpp or "co_" not in file.code:
        return
    bodies = [(m, lambda_body(file.code, m)) for m in LAMBDA.finditer(file.code)]
    bodies = [(m, b) for m, b in bodies if b]
    for match, (start, end) in bodies:
        own = file.code[start:end]
        for _, (inner, inner_end) in bodies:
            if start < inner and inner_end < end:
                own = own.replace(file.code[inner:inner_end], "{}")
        if match.group(1).strip() and COROUTINE.search(own):
            yield file.line_of(
                match.start()
            ), "a coroutine must not be a capturing lambda: pass state as parameters"


def header_opening(file):
    if file.suffix != ".hpp" or not file.path.startswith("src/"):
        return
    comment = next((i for i, line in enumerate(file.lines) if not line.startswith("//")), len(file.lines))
    if comment < HEADER_COMMENT_LINES_MIN:
        yield 1, "open with 3 to 15 lines: what it is, who owns it, which thread, limits, errors"
    if "#pragma once" not in file.text:
        yield 1, "`#pragma once` is missing"


def file_name(file):
    if file.is_cpp and not re.fullmatch(r"[a-z0-9_]+\.[chi]pp", file.name):
        yield 1, "file names are snake_case"


def marker(file):
    if file.suffix in SOURCES + (".txt", ".cmake") and not file.path.startswith("tools/tidy"):
        for number, line in enumerate(file.lines, 1):
            if MARKER.search(line):
                yield number, "unfinished work belongs into an issue"


def machine_path(file):
    if file.path.startswith("tools/tidy"):
        return
    for number, line in enumerate(file.lines, 1):
        if MACHINE_PATH.search(line):
            yield number, "path of one machine: derive it from the root or take it as an argument"
        if REGISTRY.search(line):
            yield number, "address of a package registry: leave it to the client's own settings"


RULES = [
    file_length,
    line_width,
    function_length,
    banned_name,
    coroutine_place,
    awaited_aggregate,
    capturing_coroutine,
    header_opening,
    file_name,
    marker,
    machine_path,
]
