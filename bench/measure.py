"""What is read from the kernel: CPU time, memory, load, system calls; and what wrk counts."""
import os
import re
import resource
import statistics
import subprocess
import time

PROXY_CORE, LOAD_CORE = 0, 1
_HERE = os.path.dirname(os.path.abspath(__file__))
_TICKS = os.sysconf("SC_CLK_TCK")
_WATCHED = ("recvfrom", "recvmsg", "read", "readv", "sendto", "sendmsg", "write", "writev", "epoll_wait", "epoll_pwait",
            "epoll_ctl", "futex", "timerfd_settime", "connect", "accept4", "close", "sched_yield", "madvise", "brk")


def cpu_ns(pid):
    """CPU time of a process, all its threads, in nanoseconds, from the scheduler."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total


def memory_kib(pid):
    """User memory of a process: resident anonymous pages."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"RssAnon:\s+(\d+)", file.read()).group(1))


def slab_kib():
    with open("/proc/meminfo", encoding="ascii") as file:
        return int(re.search(r"Slab:\s+(\d+)", file.read()).group(1))


def descendants(pid):
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
            for child in map(int, file.read().split()):
                found += [child, *descendants(child)]
    return found


def pin(pid, core):
    for task in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(task), {core})


def _busy_seconds():
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / _TICKS


class Foreign:
    """Cores kept busy by others between start and end: all that is not ours. Softirq of our packets counts as ours
    only as far as it runs in our threads, so the figure is a little too high."""

    def __init__(self, pids):
        self.pids = pids
        self.own = sum(map(cpu_ns, pids))
        self.children = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.busy, self.at = _busy_seconds(), time.monotonic()

    def cores(self):
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        wrk = now.ru_utime + now.ru_stime - self.children.ru_utime - self.children.ru_stime
        own = (sum(map(cpu_ns, self.pids)) - self.own) / 1e9 + wrk
        return max(0.0, (_busy_seconds() - self.busy - own) / (time.monotonic() - self.at))


def wrk(url, body_file, headers, seconds, connections=64, before=()):
    """Requests answered with 2xx within `seconds`; raises when others were among them."""
    command = [*before, "taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s",
               "--timeout", "10s", "-s", os.path.join(_HERE, "call.lua"), url, "--", f"body={body_file}"]
    command += [f"{name}={value}" for name, value in headers.items()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    wrong = re.search(r"Non-2xx.*|Socket errors.*", done.stdout)
    if wrong:
        raise RuntimeError(f"{url}: {wrong.group(0)}")
    return int(re.search(r"(\d+) requests in", done.stdout).group(1))


def cpu_us_per_request(pid, *args, **more):
    before = cpu_ns(pid)
    requests = wrk(*args, **more)
    return (cpu_ns(pid) - before) / requests / 1000


def system_calls(pid, *args, **more):
    """System calls per request by name, and `all`; counted by perf without stopping the process."""
    names = [n for n in _WATCHED if os.path.exists(f"/sys/kernel/tracing/events/syscalls/sys_enter_{n}")]
    events = ",".join(["raw_syscalls:sys_enter", *(f"syscalls:sys_enter_{n}" for n in names)])
    out = f"/tmp/weir-bench-{os.getpid()}.perf"
    requests = wrk(*args, **more, before=("perf", "stat", "-x,", "-o", out, "-e", events, "-p", str(pid), "--"))
    counts = {}
    with open(out, encoding="ascii") as file:
        for line in file:
            parts = line.split(",")
            if len(parts) > 2 and parts[0].isdigit():
                name = parts[2].split("sys_enter_")[-1].replace("raw_syscalls:sys_enter", "all")
                counts[name] = int(parts[0]) / requests
    os.unlink(out)
    return {name: count for name, count in counts.items() if count >= 0.005}


def summary(values):
    """Median, least and largest."""
    return statistics.median(values), min(values), max(values)
