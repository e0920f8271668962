"""What is measured: each scene starts its peers, checks that they answer right, and gives figures."""
import json
import os
import socket
import time

import measure
from peers import ROOT, children_to_load_core, free_port, node_binary, post

CALL_TARGETS = {
    ("300 B", "nginx"): 1.10, ("300 B", "haproxy"): 1.00,
    ("8 KiB", "nginx"): 1.15,
    ("64 KiB text", "nginx"): 1.50, ("64 KiB text", "haproxy"): 1.00,
}
NPM_TARGETS = {("echo", "mcp-proxy"): 20, ("echo", "supergateway"): 20}
CASES = {"300 B": "small", "8 KiB": "mid", "64 KiB text": "large", "64 KiB rows": "rows"}
KEEP_ALIVE, STREAMS, STREAMS_PER_SERVER = 8000, 4000, 500
SESSIONS = 5000
SYSCALLS_MAX = {64: 6.5, 1: 8.5}
JSON_MEDIA = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


def modern_headers(tool):
    return {**JSON_MEDIA, "User-Agent": "wrk/4.1", "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call",
            "Mcp-Name": tool}


def modern_body(tool, **meta):
    envelope = {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "wrk", "version": "4"},
                "io.modelcontextprotocol/clientCapabilities": {}, **meta}
    params = {"name": tool, "arguments": {"q": "where is it"}, "_meta": envelope}
    return json.dumps({"jsonrpc": "2.0", "id": "wrk-01", "method": "tools/call", "params": params},
                      separators=(",", ":"))


class Call:
    """One tools/call, ready for wrk."""

    def __init__(self, peers, tool):
        self.name = f"bench__{tool}"
        self.headers = modern_headers(self.name)
        self.text = modern_body(self.name)
        self.body = peers.file(f"{tool}.body.json", self.text)

    def args(self, port, options):
        return f"http://127.0.0.1:{port}/mcp", self.body, self.headers, options.seconds

    def check(self, port, variant):
        status, _, answer = post(port, "/mcp", self.headers, self.text)
        if status != 200 or json.loads(answer)["id"] != "wrk-01" or "result" not in json.loads(answer):
            raise RuntimeError(f"{variant} answered {self.name} with {status} {answer[:200]!r}")


def http_proxies(peers):
    """[(variant, pid, port)] and the pid of the upstream."""
    upstream_pid, upstream = peers.upstream()
    weir, weir_port = peers.weir({"bench": {"url": f"http://127.0.0.1:{upstream}/mcp"}})
    nginx, nginx_port, tuned = peers.nginx(upstream)
    haproxy, haproxy_port, ring = peers.haproxy(upstream)
    return [("weir", weir, weir_port), ("nginx", nginx, nginx_port), ("nginx, big buffers", nginx, tuned),
            ("haproxy", haproxy, haproxy_port), ("haproxy, log in memory", haproxy, ring)], upstream_pid


def call(peers, options):
    variants, upstream_pid = http_proxies(peers)
    calls = {case: Call(peers, tool) for case, tool in CASES.items()}
    for one in calls.values():
        for name, _, port in variants:
            one.check(port, name)
            measure.wrk(*one.args(port, options)[:3], 1)
    values = {case: {name: [] for name, _, _ in variants} for case in calls}
    foreign = []
    for _ in range(options.rounds):
        for case, one in calls.items():
            for name, pid, port in variants:
                watch = measure.Foreign([pid, upstream_pid])
                values[case][name].append(measure.cpu_us_per_request(pid, *one.args(port, options)))
                foreign.append(watch.cores())
    return {"values": values, "foreign": foreign}


def syscalls(peers, options):
    variants, _ = http_proxies(peers)
    rows = []
    for case, connections in (("300 B", 64), ("300 B", 1), ("64 KiB text", 16)):
        one = Call(peers, CASES[case])
        for name, pid, port in variants:
            one.check(port, name)
            measure.wrk(*one.args(port, options)[:3], 1, connections)
            counts = measure.system_calls(pid, *one.args(port, options), connections)
            total = counts.pop("all")
            parts = ", ".join(f"{n} {c:.2f}" for n, c in sorted(counts.items(), key=lambda item: -item[1]))
            limit = SYSCALLS_MAX.get(connections) if name == "weir" else None
            rows.append({"case": f"{case}, {connections} connections", "variant": name, "figure": total,
                         "at_most": limit, "detail": parts})
    return rows


def request_bytes(path, headers, body):
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def ask_and_stay(port, request, until):
    link = socket.create_connection(("127.0.0.1", port), 10)
    link.sendall(request)
    got = b""
    while until not in got:
        more = link.recv(65536)
        if not more:
            raise RuntimeError(f"a connection ended after {len(got)} bytes: {got[:200]!r}")
        got += more
    return link


def growth(pid, port, count, request_of, until):
    """User memory and kernel slab, KiB per connection, of `count` connections that stay after their answer."""
    links = [ask_and_stay(port, request_of(0), until)]
    before, slab = measure.memory_kib(pid), measure.slab_kib()
    try:
        for number in range(count):
            links.append(ask_and_stay(port, request_of(number), until))
        time.sleep(1)
        return ((measure.memory_kib(pid) - before) / count, (measure.slab_kib() - slab) / count)
    finally:
        for link in links:
            link.close()


def idle(peers, options):
    _, upstream = peers.upstream()
    servers = {f"s{n}": {"url": f"http://127.0.0.1:{upstream}/mcp"} for n in range(STREAMS // STREAMS_PER_SERVER)}
    rows = []

    def kept(number, tool):
        name = f"s{number // STREAMS_PER_SERVER}__{tool}"
        return request_bytes("/mcp", modern_headers(name), modern_body(name, progressToken=1))

    def measured(variant, pid, port, at_most):
        small = Call(peers, "small")
        small.headers["Mcp-Name"] = "s0__small"
        small.body = peers.file("idle.body.json", modern_body("s0__small"))
        measure.wrk(*small.args(port, options))
        for case, count, tool, until in (("keep-alive", KEEP_ALIVE, "small", b'"isError":false}}'),
                                         ("event stream", STREAMS, "stream", b"progressToken")):
            try:
                user, slab = growth(pid, port, count, lambda n, t=tool: kept(n % STREAMS, t), until)
            except (OSError, RuntimeError) as error:
                rows.append({"case": case, "variant": variant, "figure": None, "detail": str(error)})
                continue
            rows.append({"case": case, "variant": variant, "figure": user, "at_most": at_most.get(case),
                         "detail": f"{count} of them; kernel slab of all ends {slab:.1f} KiB each"})
            time.sleep(1)

    rows += idle_sessions(peers, upstream)
    measured("weir", *peers.weir(servers), {"keep-alive": 2, "event stream": 5})
    nginx, nginx_port, _ = peers.nginx(upstream)
    measured("nginx", nginx, nginx_port, {})
    haproxy, _, ring = peers.haproxy(upstream)
    measured("haproxy", haproxy, ring, {})
    return rows


HELLO = json.dumps({"jsonrpc": "2.0", "id": 0, "method": "initialize",
                    "params": {"protocolVersion": "2025-11-25", "capabilities": {"roots": {}, "sampling": {}},
                               "clientInfo": {"name": "bench", "version": "1"}}})


def idle_sessions(peers, upstream):
    """Legacy sessions that rest, without and with their GET stream: Weir, and a server of the v1 SDK alone."""
    weir = peers.weir({"bench": {"url": f"http://127.0.0.1:{upstream}/mcp"}}, "sessions",
                      {"sessions": {"max": 3 * SESSIONS}})
    port = free_port()
    plain = peers.node("sdk", os.path.join(ROOT, "test/fixtures/http_legacy.mjs"), ["--port", str(port)], port)
    rows = []
    for variant, pid, at, most in (("weir", *weir, (4, 16)), ("sdk v1 server", plain, port, (None, None))):
        try:
            user = sessions_at_rest(pid, at)
        except (OSError, RuntimeError) as error:
            rows.append({"case": "legacy session", "variant": variant, "figure": None, "detail": str(error)})
            continue
        for case, figure, limit in zip(("legacy session", "its GET stream"), user, most):
            rows.append({"case": case, "variant": variant, "figure": figure, "at_most": limit,
                         "detail": f"{SESSIONS} of them"})
    return rows


def sessions_at_rest(pid, port):
    """User memory, KiB, of one session and of one stream that is open beside it."""
    def opened():
        headers = legacy_session(port)
        status, _, answer = post(port, "/mcp", headers, '{"jsonrpc":"2.0","id":1,"method":"tools/list"}')
        if status != 200:
            raise RuntimeError(f"tools/list was answered with {status} {answer[:200]!r}")
        return headers["Mcp-Session-Id"]

    def stream(session):
        text = ("GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n"
                f"MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: {session}\r\n\r\n")
        return ask_and_stay(port, text.encode(), b"\r\n\r\n")

    links = [stream(opened()) for _ in range(200)]  # warm
    before = measure.memory_kib(pid)
    sessions = [opened() for _ in range(SESSIONS)]
    time.sleep(1)
    between = measure.memory_kib(pid)
    links += [stream(session) for session in sessions]
    time.sleep(1)
    after = measure.memory_kib(pid)
    for link in links:
        link.close()
    return (between - before) / SESSIONS, (after - between) / SESSIONS


def npm(peers, options):
    server = [node_binary(), os.path.join(ROOT, "test/fixtures/stdio_legacy.mjs")]
    weir, weir_port = peers.weir({"bench": {"command": server[0], "args": server[1:]}})
    ports = free_port(), free_port()
    mcp_proxy = peers.node("mcp-proxy", "mcp-proxy/dist/bin/mcp-proxy.mjs",
                           ["--host", "127.0.0.1", "--port", str(ports[0]), "--server", "stream", "--", *server],
                           ports[0])
    supergateway = peers.node("supergateway", "supergateway/dist/index.js",
                              ["--stdio", " ".join(server), "--outputTransport", "streamableHttp", "--stateful",
                               "--port", str(ports[1]), "--logLevel", "none"], ports[1])
    variants = [("weir", weir, weir_port, "bench__echo"), ("mcp-proxy", mcp_proxy, ports[0], "echo"),
                ("supergateway", supergateway, ports[1], "echo")]
    ready = []
    for name, pid, port, tool in variants:
        headers = legacy_session(port)
        text = '{"jsonrpc":"2.0","id":@ID@,"method":"tools/call","params":{"name":"%s","arguments":{"text":"%s"}}}'
        body = peers.file(f"{name}.body.json", text % (tool, "x" * 150))
        status, _, answer = post(port, "/mcp", headers, (text % (tool, "x" * 150)).replace("@ID@", "999999999"))
        if status != 200 or b'"x' not in answer:
            raise RuntimeError(f"{name} answered {status} {answer[:200]!r}")
        children_to_load_core(pid)
        ready.append((name, pid, (f"http://127.0.0.1:{port}/mcp", body, headers, options.seconds)))
        measure.wrk(*ready[-1][2], connections=16)
    values = {"echo": {name: [] for name, _, _ in ready}}
    foreign = []
    for _ in range(options.rounds):
        for name, pid, args in ready:
            watch = measure.Foreign([pid, *measure.descendants(pid)])
            values["echo"][name].append(measure.cpu_us_per_request(pid, *args, connections=16))
            foreign.append(watch.cores())
    return {"values": values, "foreign": foreign}


def legacy_session(port):
    """Opens a session of revision 2025-11-25; gives the headers of its requests."""
    status, headers, answer = post(port, "/mcp", JSON_MEDIA, HELLO)
    if status != 200:
        raise RuntimeError(f"initialize was answered with {status} {answer[:200]!r}")
    session = {**JSON_MEDIA, "MCP-Protocol-Version": "2025-11-25", "Mcp-Session-Id": headers["mcp-session-id"]}
    post(port, "/mcp", session, '{"jsonrpc":"2.0","method":"notifications/initialized"}')
    return session
