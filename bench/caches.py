"""The scene `cache`: answers from Weir's cache beside those of nginx proxy_cache and varnish, the same body from each."""
import json
import os
import subprocess
import urllib.request

import measure
from peers import ROOT, free_port, post
from scenes import Call, modern_body, modern_headers, request_bytes

CASES = {"300 B": "small", "8 KiB": "mid", "64 KiB text": "large"}
TARGETS = {(case, peer): 1.0 for case in CASES for peer in ("nginx", "nginx, tuned", "varnish")}
P99_US_MAX = 1000
NUMBERED = "weir, new id each"  # for wrk only: the paced client sends one request again and again
CONNECTIONS = 64

NGINX = """
daemon off; user root; worker_processes 1; worker_rlimit_nofile 20000; pid {dir}/cache.pid; error_log {dir}/error.log;
events {{ worker_connections 20000; }}
http {{
  log_format calls escape=json '{{"ts":"$time_iso8601","id":"$request_id","method":"$http_mcp_method",'
    '"tool":"$http_mcp_name","status":$status,"dur":$request_time,"cache":"$upstream_cache_status",'
    '"in":$request_length,"out":$bytes_sent}}';
  access_log {dir}/cache.log calls buffer=64k flush=1s;
  client_body_temp_path {dir}/cb; proxy_temp_path {dir}/cp; fastcgi_temp_path {dir}/cf;
  uwsgi_temp_path {dir}/cu; scgi_temp_path {dir}/cs;
  keepalive_timeout 600s; keepalive_requests 1000000000; tcp_nodelay on;
  proxy_cache_path {dir}/kept keys_zone=kept:10m max_size=100m inactive=1h use_temp_path=off;
  proxy_cache kept; proxy_cache_methods POST; proxy_cache_valid 200 1h;
  proxy_cache_key "$request_uri|$request_body";
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ proxy_pass http://127.0.0.1:{upstream}; }} }}
  server {{
    listen 127.0.0.1:{tuned} backlog=4096;
    sendfile on; open_file_cache max=1000 inactive=1h; open_file_cache_valid 1h;
    location / {{ proxy_pass http://127.0.0.1:{upstream}; }}
  }}
}}
"""

VARNISH = """
vcl 4.1;
import std;
import bodyaccess;
backend server {{ .host = "127.0.0.1"; .port = "{upstream}"; }}
sub vcl_recv {{
  if (req.method != "POST" || !std.cache_req_body(64KB)) {{ return (synth(405)); }}
  return (hash);
}}
sub vcl_hash {{ hash_data(req.url); bodyaccess.hash_req_body(); return (lookup); }}
sub vcl_backend_fetch {{ set bereq.method = "POST"; }}
sub vcl_backend_response {{ set beresp.ttl = 1h; return (deliver); }}
"""
VARNISH_LINE = ('{"ts":"%{%FT%T}t","id":"%{Varnish:vxid}x","method":"%{mcp-method}i","tool":"%{mcp-name}i","status":%s,'
                '"dur":%D,"cache":"%{Varnish:handling}x","in":%I,"out":%O}')


def nginx(peers, upstream):
    """[(variant, pids, port)]"""
    port, tuned = free_port(), free_port()
    conf = file_of(peers, "cache-nginx.conf", NGINX, dir=peers.dir, upstream=upstream, port=port, tuned=tuned)
    child = peers.start("cache-nginx", ["nginx", "-e", f"{peers.dir}/error.log", "-c", conf], measure.PROXY_CORE)
    peers.listening(child, tuned, "nginx")
    worker = [pid for pid in measure.descendants(child.pid) if b"worker" in command_line(pid)]
    return [("nginx", worker, port), ("nginx, tuned", worker, tuned)]


def command_line(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read()


def varnish(peers, upstream):
    """[(variant, pids, port)]: two of them, because its access lines are the work of a second program."""
    found = []
    for name, logs in (("varnish", True), ("varnish, log in memory", False)):
        port, folder = free_port(), os.path.join(peers.dir, f"varnish-{logs}")
        vcl = file_of(peers, f"varnish-{logs}.vcl", VARNISH, upstream=upstream)
        child = peers.start(name, ["varnishd", "-j", "none", "-F", "-n", folder, "-f", vcl, "-a", f"127.0.0.1:{port}", "-T", "none",
                                   "-s", "malloc,256m", "-p", "thread_pools=1"], measure.PROXY_CORE)
        peers.listening(child, port, name)
        programs = [child]
        if logs:
            programs.append(peers.start("varnishncsa", ["varnishncsa", "-n", folder, "-F", VARNISH_LINE, "-w",
                                                        f"{peers.dir}/varnish.access"], measure.PROXY_CORE))
        found.append((name, [pid for one in programs for pid in (one.pid, *measure.descendants(one.pid))], port))
    return found


def file_of(peers, name, text, **values):
    return peers.file(name, text.format(**values))


def weir(peers, upstream):
    pid, port = peers.weir({"bench": {"url": f"http://127.0.0.1:{upstream}/mcp"}}, more={
        "caching": {"l2": {"type": "none"}, "tools": {"bench.*": {"ttl": "1h", "scope": "public"}}}})
    return [("weir", [pid], port), (NUMBERED, [pid], port)]


class Hits:
    """One call whose answer is in the cache of every variant."""

    def __init__(self, peers, tool, variants, count):
        self.usual = Call(peers, tool)
        numbered = modern_body(self.usual.name).replace('"wrk-01"', "@ID@")
        self.numbered = peers.file(f"{tool}.numbered.json", numbered)
        self.request = os.path.join(peers.dir, f"{tool}.request")
        with open(self.request, "wb") as file:
            file.write(request_bytes("/mcp", modern_headers(self.usual.name), self.usual.text))
        for name, _, port in variants:
            self.usual.check(port, name)
            before = count()
            for _ in range(3):
                self.usual.check(port, name)
            if count() != before:
                raise RuntimeError(f"{name} does not answer {self.usual.name} from its cache")
        answers = {json.dumps(self.answer(port), sort_keys=True) for _, _, port in variants}
        if len(answers) != 1:
            raise RuntimeError(f"answers to {self.usual.name} differ: {[text[:200] for text in answers]}")

    def answer(self, port):
        """What a hit says, but for Weir's note that it is one."""
        answer = json.loads(post(port, "/mcp", self.usual.headers, self.usual.text)[2])
        answer["result"].pop("_meta", None)
        return answer

    def args(self, variant, port, seconds):
        body = self.numbered if variant == NUMBERED else self.usual.body
        return f"http://127.0.0.1:{port}/mcp", body, self.usual.headers, seconds

    def cost(self, variant, pids, port, seconds):
        """(microseconds of CPU per hit, hits per second, share of its core)"""
        before = sum(map(measure.cpu_ns, pids))
        hits = measure.wrk(*self.args(variant, port, seconds), CONNECTIONS)
        used = (sum(map(measure.cpu_ns, pids)) - before) / 1e9
        return used / hits * 1e6, hits / seconds, used / seconds

    def times(self, program, port, rate, seconds):
        """Answer times at that rate, as weir_bench_paced tells them."""
        command = ["taskset", "-c", str(measure.LOAD_CORE), program, str(port), self.request, str(rate), str(seconds),
                   str(CONNECTIONS)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds * 3 + 30)
        if done.returncode != 0:
            raise RuntimeError(f"weir_bench_paced: exit {done.returncode}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)


def cache(peers, options):
    """{"values": CPU per hit, "rates": hits per second, "busy": share of the core, "p50"/"p99": µs at half the rate}"""
    upstream_pid, upstream = peers.upstream()

    def count():
        with urllib.request.urlopen(f"http://127.0.0.1:{upstream}/calls", timeout=5) as answer:
            return int(answer.read())

    variants = [*weir(peers, upstream), *nginx(peers, upstream), *varnish(peers, upstream)]
    cases = {case: Hits(peers, tool, variants, count) for case, tool in CASES.items()}
    kinds = ("values", "rates", "busy", "p50", "p99")
    found = {kind: {case: {name: [] for name, _, _ in variants} for case in cases} for kind in kinds}
    found["foreign"] = []
    program = os.path.join(options.build, "bin/weir_bench_paced")
    for hits in cases.values():
        for name, pids, port in variants:
            hits.cost(name, pids, port, 1)
    for _ in range(options.rounds):
        for case, hits in cases.items():
            for name, pids, port in variants:
                before = count()
                watch = measure.Foreign([upstream_pid, *pids])
                cost, rate, busy = hits.cost(name, pids, port, options.seconds)
                found["foreign"].append(watch.cores())
                paced = {} if name == NUMBERED else hits.times(program, port, rate / 2, options.seconds)
                if count() != before:
                    raise RuntimeError(f"{name} asked the server {count() - before} times: these were not all hits")
                for kind, value in zip(kinds, (cost, rate, busy, paced.get("p50_us"), paced.get("p99_us"))):
                    found[kind][case][name].append(value)
    return found


def rows_of(found):
    """Rows of a table of what is no ratio: hits per second, share of the core, answer times at half of that."""
    for case, variants in found["rates"].items():
        for name in variants:
            yield case, name, *(None if name == NUMBERED and kind.startswith("p") else
                                measure.summary(found[kind][case][name]) for kind in ("rates", "busy", "p50", "p99"))


def bookkeeping():
    """What an entry costs in memory beside its key and its answer, as the test of it says."""
    program = f"{ROOT}/build/fast/bin/weir_cache_test"
    told = subprocess.run([program, "--gtest_filter=*T29*"], capture_output=True, text=True, timeout=300, check=True).stdout
    return next(line for line in told.splitlines() if line.startswith("bookkeeping"))
