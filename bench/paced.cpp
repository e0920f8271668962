// weir_bench_paced PORT REQUEST_FILE RATE SECONDS CONNECTIONS [any] [sleep]: answer times at a given rate,
// for bench/run.py.
//
// One thread on 127.0.0.1. Requests become due at even distances whether or not earlier ones are answered,
// and wait for a free keep-alive connection; a request's time runs from the moment it was due, so that a
// stall of the server counts for every request that it held up. It spins instead of sleeping: give it a core
// of its own, or, where a server shares it, let it `sleep` until something is due or comes.
// Prints one JSON object; exit 1 when an answer was not 200 or a connection ended. With `any`, other statuses
// and results with isError are refusals, counted apart.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Connection {
  int fd = -1;
  Clock::time_point due;      // of the request under way
  std::string head;           // of its answer, until it is complete
  bool refused = false;       // it says no
  std::size_t body_left = 0;  // bytes of the body that have not come yet
};

struct Plan {
  std::string request;
  std::uint16_t port = 0;
  double rate = 0;
  double seconds = 0;
  std::size_t connections = 0;
  bool any = false;
  bool sleep = false;
};

int connect_to(std::uint16_t port) {
  int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int const one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return ::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0 ? fd : -1;
}

// The length of the body that a head announces; npos: no good answer.
std::size_t body_length(std::string head, bool any) {
  if (!any && !head.starts_with("HTTP/1.1 200")) return std::string::npos;
  std::transform(head.begin(), head.end(), head.begin(), [](unsigned char c) { return std::tolower(c); });
  auto const at = head.find("\r\ncontent-length:");
  return at == std::string::npos ? at : std::strtoul(head.c_str() + at + 17, nullptr, 10);
}

class Run {
 public:
  explicit Run(Plan plan) : plan_(std::move(plan)), connections_(plan_.connections) {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  }
  bool play() {
    for (auto& one : connections_) {
      one.fd = connect_to(plan_.port);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = &one;
      if (one.fd < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, one.fd, &event) != 0) return false;
      idle_.push_back(&one);
    }
    auto const begun = begun_ = Clock::now();
    auto const total = static_cast<std::uint64_t>(plan_.rate * plan_.seconds);
    auto const give_up = begun + std::chrono::duration<double>(plan_.seconds * 2 + 10);
    while (times_us_.size() + refused_us_.size() < total && wrong_ == 0 && Clock::now() < give_up) {
      for (auto const now = Clock::now(); made_ < total; ++made_) {
        auto const due = begun + std::chrono::nanoseconds(static_cast<std::int64_t>(
                                     static_cast<double>(made_) / plan_.rate * 1e9));
        if (due > now) break;
        waiting_.push_back(due);
      }
      while (!waiting_.empty() && !idle_.empty()) send_next();
      take_answers();
    }
    took_ = std::chrono::duration<double>(Clock::now() - begun).count();
    return wrong_ == 0 && times_us_.size() + refused_us_.size() == total && total != 0;
  }
  void print() {
    std::sort(times_us_.begin(), times_us_.end());
    std::sort(refused_us_.begin(), refused_us_.end());
    auto const at = [](std::vector<double> const& times, double share) {
      return times.empty() ? 0.0
                           : times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
    };
    std::printf(R"({"answered":%zu,"wrong":%d,"seconds":%.3f,"p50_us":%.1f,"p99_us":%.1f,"p999_us":%.1f,)"
                R"("good":%zu,"good_per_second":%.1f,"refused":%zu,"refused_p99_us":%.1f})"
                "\n",
                times_us_.size() + refused_us_.size(), wrong_, took_, at(times_us_, 0.5), at(times_us_, 0.99),
                at(times_us_, 0.999), times_us_.size(), static_cast<double>(times_us_.size()) / took_,
                refused_us_.size(), at(refused_us_, 0.99));
  }

 private:
  void send_next() {
    auto& one = *idle_.front();
    idle_.pop_front();
    one.due = waiting_.front();
    waiting_.pop_front();
    one.head.clear();
    auto const size = plan_.request.size();  // small enough for an empty socket buffer
    if (::send(one.fd, plan_.request.data(), size, MSG_NOSIGNAL) != static_cast<ssize_t>(size)) ++wrong_;
  }

  long nanoseconds_to_next() const {
    auto const due = begun_ + std::chrono::nanoseconds(
                                  static_cast<std::int64_t>(static_cast<double>(made_) / plan_.rate * 1e9));
    return std::clamp<long>((due - Clock::now()).count(), 0, 10'000'000);
  }

  void take_answers() {
    std::array<epoll_event, 64> events;
    timespec const pause{0, plan_.sleep ? nanoseconds_to_next() : 0};
    int const n = ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &pause, nullptr);
    for (int i = 0; i < n; ++i) {
      take(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr));
    }
  }

  void take(Connection& from) {
    static std::array<char, 65536> chunk;
    ssize_t const n = ::recv(from.fd, chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (n <= 0) {
      wrong_ += n < 0 && errno == EAGAIN ? 0 : 1;
      return;
    }
    std::size_t got = static_cast<std::size_t>(n);
    if (from.body_left == 0) {
      from.head.append(chunk.data(), got);
      auto const end = from.head.find("\r\n\r\n");
      if (end == std::string::npos) return;
      got = from.head.size() - end - 4;
      from.refused = !from.head.starts_with("HTTP/1.1 200") ||
                     from.head.find(R"("isError":true)", end) != std::string::npos;
      from.body_left = body_length(from.head.substr(0, end + 2), plan_.any);
    }
    if (from.body_left == std::string::npos || got > from.body_left) {
      ++wrong_;
      return;
    }
    from.body_left -= got;
    if (from.body_left != 0) return;
    auto& times = plan_.any && from.refused ? refused_us_ : times_us_;
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - from.due).count());
    idle_.push_back(&from);
  }

  Plan plan_;
  std::vector<Connection> connections_;
  int epoll_ = -1;
  std::deque<Connection*> idle_;           // the longest idle one is next
  std::deque<Clock::time_point> waiting_;  // due, and not sent yet
  Clock::time_point begun_;
  std::uint64_t made_ = 0;
  std::vector<double> times_us_, refused_us_;
  int wrong_ = 0;
  double took_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    constexpr auto kUsage =
        "usage: weir_bench_paced PORT REQUEST_FILE RATE SECONDS CONNECTIONS [any] [sleep]\n";
    return std::fputs(kUsage, stderr), 64;
  }
  Plan plan;
  plan.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  std::ifstream file(argv[2], std::ios::binary);
  plan.request.assign(std::istreambuf_iterator<char>(file), {});
  plan.rate = std::atof(argv[3]);
  plan.seconds = std::atof(argv[4]);
  plan.connections = static_cast<std::size_t>(std::atoi(argv[5]));
  for (std::string_view const word : std::vector<std::string_view>(argv + 6, argv + argc)) {
    if (word != "any" && word != "sleep")
      return std::fprintf(stderr, "not understood: %s\n", word.data()), 64;
    (word == "any" ? plan.any : plan.sleep) = true;
  }
  if (plan.request.empty() || plan.rate <= 0 || plan.connections == 0) return 64;
  Run run(std::move(plan));
  bool const good = run.play();
  run.print();
  return good ? 0 : 1;
}
