// HttpServer on real sockets: what it refuses, what it survives, and how it ends.
#include "api/http_server.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstring>

#include "api/http_test_client.hpp"
#include "support/log_text.hpp"
#include "support/temp_directory.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

HttpResponse echo(const HttpRequest& request) {
  HttpResponse response;
  response.content_type = "text/plain";
  response.body = request.method_text + " " + request.target + " " + request.body;
  return response;
}

std::string get(std::string_view target, std::string_view more = {}) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(more) +
         "\r\n";
}

std::string chunk(std::size_t bytes) {
  char head[32];
  std::snprintf(head, sizeof head, "%zx\r\n", bytes);
  return head + std::string(bytes, 'x') + "\r\n";
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

}  // namespace

TEST_CASE("A connection is used for one request after the other") {
  ServerThread server(echo);
  auto client = server.client();
  for (int i = 0; i < 3; ++i) {
    client.send(get("/a" + std::to_string(i)));
    const auto reply = client.read_reply();
    REQUIRE(reply);
    CHECK(reply->status == 200);
    CHECK(reply->body == "GET /a" + std::to_string(i) + " ");
    CHECK(reply->headers.at("connection") == "keep-alive");
    CHECK(reply->headers.at("date").ends_with("GMT"));
  }
  client.send(get("/last", "Connection: close\r\n"));
  CHECK(client.read_reply()->headers.at("connection") == "close");
  CHECK(client.closed_by_peer());
}

TEST_CASE("HTTP/1.0 closes unless asked not to, and needs no Host") {
  ServerThread server(echo);
  auto client = server.client();
  client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(client.read_reply()->headers.at("connection") == "keep-alive");
  client.send("GET /b HTTP/1.0\r\n\r\n");
  CHECK(client.read_reply()->body == "GET /b ");
  CHECK(client.closed_by_peer());
}

TEST_CASE("Requests that come at once are answered one by one in their order") {
  ServerThread server(echo);
  auto client = server.client();
  std::string all;
  for (int i = 0; i < 500; ++i) {
    all += "POST /" + std::to_string(i) +
           " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc\r\n";
  }
  std::thread sender([&] { client.send(all); });
  for (int i = 0; i < 500; ++i) {
    const auto reply = client.read_reply();
    REQUIRE(reply);
    REQUIRE(reply->body == "POST /" + std::to_string(i) + " abc");
  }
  sender.join();
}

TEST_CASE("HEAD has the head of GET and no body") {
  ServerThread server(echo);
  auto client = server.client();
  client.send("HEAD /a HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/b"));
  const auto head = client.read_reply(true);
  CHECK(head->status == 200);
  CHECK(head->headers.at("content-length") == "8");
  CHECK(client.read_reply()->body == "GET /b ");
}

TEST_CASE("A request may come byte by byte") {
  ServerThread server(echo);
  auto client = server.client();
  for (const char c :
       std::string("POST /x?y=z HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                   "\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n")) {
    client.send({&c, 1});
  }
  CHECK(client.read_reply()->body == "POST /x?y=z abcde");
}

TEST_CASE("A target in absolute form is understood, a broken one is a 400") {
  ServerThread server([](const HttpRequest& request) {
    HttpResponse response;
    response.body = request.path + " of " + request.host;
    return response;
  });
  auto client = server.client();
  client.send("GET http://example.org:80/a%20b?c=d HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(client.read_reply()->body == "/a b of example.org:80");
  const auto target = GENERATE("/%zz", "/a%2Fb", "/a%00", "relative", "/%ff", "/?a=%", "/?a=1&a=2",
                               "/a#b", "http:///a", "http://?a=b");
  client.send(get(target));
  CHECK(client.read_reply()->status == 400);
}

TEST_CASE("What is not proper HTTP/1.1 is refused with a problem, and the connection ends") {
  struct Case {
    std::string bytes;
    int status;
  };
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  const auto wrong = GENERATE_COPY(
      Case{"nonsense\r\n\r\n", 400},
      Case{std::string("\x16\x03\x01\x02\x00\x01", 6) + "\r\n\r\n", 400},
      Case{"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400}, Case{"GET / HTTP/1.1\r\n\r\n", 400},
      Case{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      Case{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
      Case{post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      Case{post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400},
      Case{post + "Content-Length: 3\r\nTransfer-Encoding: gzip\r\n\r\nabc", 400},
      Case{post + "Transfer-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", 400},
      Case{post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      Case{post + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 501},
      Case{post + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501},
      Case{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      Case{post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
      Case{post + "Content-Length: -1\r\n\r\n", 400},
      Case{post + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      Case{post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      Case{post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n", 400},
      Case{post + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(64 * 1024, 'e'), 400},
      Case{post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400},
      Case{post + "Expect: the-best\r\nContent-Length: 1\r\n\r\na", 417},
      Case{post + "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\na", 415},
      Case{"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(17 * 1024, 'x') + "\r\n\r\n", 431},
      Case{"GET /" + std::string(17 * 1024, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
      Case{std::string(17 * 1024, 'X') + " / HTTP/1.1\r\nHost: a\r\n\r\n", 431},
      Case{post + "Content-Length: 262145\r\n\r\n", 413},
      Case{post + "Transfer-Encoding: chunked\r\n\r\n" + chunk(200'000) + chunk(62'145), 413});
  ServerThread server(echo);
  auto client = server.client();
  client.send(wrong.bytes + get("/smuggled"));
  CAPTURE(wrong.bytes.substr(0, 120));
  const auto reply = client.read_reply();
  REQUIRE(reply);
  CHECK(reply->status == wrong.status);
  CHECK(reply->headers.at("content-type") == "application/problem+json");
  CHECK(reply->headers.at("connection") == "close");
  CHECK(reply->body.find("\"status\":" + std::to_string(wrong.status)) != std::string::npos);
  CHECK(client.closed_by_peer());
  CHECK(client.input().empty());
  CHECK(server.client().send(get("/")));
}

TEST_CASE("The limits themselves still pass") {
  ServerThread server(echo);
  auto client = server.client();
  const std::string body(256 * 1024, 'b');
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 262144\r\n\r\n" + body);
  CHECK(client.read_reply()->body.size() == body.size() + 7);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(200'000) +
              chunk(62'144) + "0\r\n\r\n");
  CHECK(client.read_reply()->body.size() == body.size() + 7);
  client.send(get("/", "X: " + std::string(15 * 1024, 'x') + "\r\n"));
  CHECK(client.read_reply()->status == 200);
}

TEST_CASE("A head that grows field by field, in packets of its own, has the same limit") {
  ServerThread server(echo);
  auto client = server.client();
  client.send("GET / HTTP/1.1\r\nHost: a\r\nX");  // the next name has begun: no field is held back
  std::size_t sent = 0;
  while (client.send("-A: 0123456789\r\nX") && !client.read_some(0s)) {
    sent += 17;
    if (sent > 64 * 1024) break;
    // The server reads this packet before the next is sent: what comes together is parsed together.
    (void)server.connections();
    (void)server.connections();
  }
  CHECK(client.read_reply()->status == 431);
}

TEST_CASE("Expect: 100-continue is answered before the body is sent") {
  ServerThread server(echo);
  auto client = server.client();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  REQUIRE(client.read_until("\r\n\r\n"));
  CHECK(client.read_reply()->status == 100);
  client.send("abc");
  CHECK(client.read_reply()->body == "POST / abc");
  client.send(
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 999999\r\n\r\n");
  CHECK(client.read_reply()->status == 413);
}

TEST_CASE("A request that does not arrive in time is a 408") {
  HttpLimits limits;
  limits.request_timeout = 100ms;
  ServerThread server(echo, limits);

  SECTION("a head that trickles") {
    auto client = server.client();
    client.send("GET / HTTP/1.1\r\n");
    const auto start = std::chrono::steady_clock::now();
    // One byte at a time keeps the connection busy; the deadline does not move.
    while (client.send("x") && !client.read_some(5ms)) {
    }
    CHECK(std::chrono::steady_clock::now() - start < 3s);
    CHECK(client.read_reply()->status == 408);
    CHECK(client.closed_by_peer());
  }
  SECTION("a body that stops") {
    auto client = server.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    CHECK(client.read_reply()->status == 408);
  }
  SECTION("nothing at all is closed without a word") {
    auto client = server.client();
    CHECK(client.closed_by_peer());
    CHECK(client.input().empty());
  }
}

TEST_CASE("A pause between requests ends the connection without a word") {
  HttpLimits limits;
  limits.idle_timeout = 50ms;
  ServerThread server(echo, limits);
  auto client = server.client();
  client.send(get("/"));
  CHECK(client.read_reply()->status == 200);
  CHECK(client.closed_by_peer());
  CHECK(client.input().empty());
}

TEST_CASE("One address has a limited number of connections") {
  ServerThread server(echo);
  std::vector<RawClient> clients;
  for (int i = 0; i < 64; ++i) clients.push_back(server.client());
  for (auto& client : clients) client.send(get("/"));
  for (auto& client : clients) REQUIRE(client.read_reply()->status == 200);

  auto extra = server.client();
  const auto reply = extra.read_reply();
  REQUIRE(reply);
  CHECK(reply->status == 429);
  CHECK(reply->headers.at("retry-after") == "1");
  CHECK(reply->headers.at("content-type") == "application/problem+json");
  CHECK(extra.closed_by_peer());

  clients.pop_back();
  REQUIRE(eventually([&] { return server.connections() == 63; }));
  auto next = server.client();
  next.send(get("/"));
  CHECK(next.read_reply()->status == 200);
}

TEST_CASE("All addresses together have a limit too") {
  HttpLimits limits;
  limits.connections = 2;
  ServerThread server(echo, limits);
  const auto one = server.client();
  const auto two = server.client();
  auto extra = server.client();
  CHECK(extra.read_reply()->status == 503);
}

TEST_CASE("Connections beyond the limit are all counted, and fill no log") {
  constexpr int extra = 300;
  HttpLimits limits;
  limits.connections_per_address = 1;
  std::atomic<int> counted = 0;
  const LogText log("api");
  ServerThread server(echo, limits, [&](int status) { counted += status == 429 ? 1 : 0; });
  const auto first = server.client();
  std::vector<RawClient> clients;
  for (int i = 0; i < extra; ++i) clients.push_back(server.client());
  CHECK(eventually([&] { return counted == extra; }));
  std::string text;
  server.run([&] { text = log.text(); });
  CHECK(text == "warning too many connections, 127.0.0.1 is refused\n");
}

TEST_CASE("Whoever takes all connections of the network does not keep the Unix socket's away") {
  const TempDirectory dir;
  HttpLimits limits;
  limits.connections = 2;
  ServerThread server(echo, limits);
  REQUIRE(server.listen_unix(dir.path() / "rocd.sock").has_value());
  auto one = server.client();
  auto two = server.client();
  two.send(get("/"));
  CHECK(two.read_reply()->status == 200);
  auto local = connect_unix(dir.path() / "rocd.sock");
  auto other_local = connect_unix(dir.path() / "rocd.sock");
  for (auto* client : {&local, &other_local}) {
    client->send(get("/"));
    const auto reply = client->read_reply();
    REQUIRE(reply);
    CHECK(reply->status == 200);
  }
  one.close();
  CHECK(eventually([&] { return server.connections() == 3; }));
  auto three = server.client();  // nor do those of the Unix socket count against the others
  three.send(get("/"));
  CHECK(three.read_reply()->status == 200);
  CHECK(server.client().read_reply()->status == 503);
}

TEST_CASE("Large bodies that arrive at once share a limit, small ones have always room") {
  HttpLimits limits;
  limits.large_bodies_bytes = 300'000;
  ServerThread server(echo, limits);
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  const auto large = post + "Content-Length: 200000\r\n\r\n";
  auto first = server.client();
  first.send(large + "half");
  auto small = server.client();
  const auto is_small_served = [&] {
    small.send(post + "Content-Length: 16384\r\n\r\n" + std::string(16'384, 's'));
    return small.read_reply()->status == 200;
  };
  REQUIRE(is_small_served());
  for (const auto& length :
       {std::string("Content-Length: 200000"), std::string("Transfer-Encoding: chunked")}) {
    auto second = server.client();
    second.send(post + length + "\r\n\r\n");
    const auto reply = second.read_reply();
    REQUIRE(reply);
    CHECK(reply->status == 503);
    CHECK(reply->headers.at("retry-after") == "1");
    CHECK(second.closed_by_peer());
  }
  CHECK(is_small_served());
  const TempDirectory dir;
  REQUIRE(server.listen_unix(dir.path() / "rocd.sock").has_value());
  {
    auto local = connect_unix(dir.path() / "rocd.sock");
    local.send(large + std::string(200'000, 'x'));
    CHECK(local.read_reply()->status == 200);
  }
  SECTION("until it has arrived") {
    first.send(std::string(200'000 - 4, 'x'));
    CHECK(first.read_reply()->status == 200);
  }
  SECTION("or its client has gone") {
    first.reset();
    CHECK(eventually([&] { return server.connections() == 1; }));
  }
  auto next = server.client();
  next.send(large + std::string(200'000, 'x'));
  CHECK(next.read_reply()->status == 200);
}

TEST_CASE("A hundred clients at once are all answered") {
  HttpLimits limits;
  limits.connections_per_address = 100;
  ServerThread server(echo, limits);
  std::vector<RawClient> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(server.client());
  for (int round = 0; round < 3; ++round) {
    for (auto& client : clients) client.send(get("/" + std::to_string(round)));
    for (auto& client : clients) {
      REQUIRE(client.read_reply()->body == "GET /" + std::to_string(round) + " ");
    }
  }
}

TEST_CASE("Clients that go in the middle leave nothing behind") {
  ServerThread server(echo);
  for (int i = 0; i < 20; ++i) {
    auto body = server.client();
    body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc");
    auto head = server.client();
    head.send("GET / HT");
    head.reset();
  }
  CHECK(eventually([&] { return server.connections() == 0; }));
}

TEST_CASE("A client that does not read its answers is dropped and the others are served") {
  HttpLimits limits;
  limits.write_timeout = 100ms;
  ServerThread server(
      [](const HttpRequest&) {
        HttpResponse response;
        response.body.assign(8 * 1024 * 1024, 'x');
        return response;
      },
      limits);
  auto slow = connect_tcp(server.port(), 4096);
  slow.send(get("/"));
  CHECK(eventually([&] { return server.connections() == 1; }));
  CHECK(eventually([&] { return server.connections() == 0; }));
}

TEST_CASE("A handler that throws is a 500 and the connection lives") {
  ServerThread server([](const HttpRequest& request) -> HttpResponse {
    if (request.path == "/throw") throw std::runtime_error("a defect");
    return echo(request);
  });
  auto client = server.client();
  client.send(get("/throw"));
  CHECK(client.read_reply()->status == 500);
  client.send(get("/"));
  CHECK(client.read_reply()->status == 200);
}

TEST_CASE("No header value can begin another header") {
  ServerThread server([](const HttpRequest&) {
    HttpResponse response;
    response.headers.emplace_back("Location", "/a\r\nSet-Cookie: b");
    return response;
  });
  auto client = server.client();
  client.send(get("/"));
  const auto reply = client.read_reply();
  CHECK(reply->headers.at("location") == "/a  Set-Cookie: b");
  CHECK(!reply->headers.contains("set-cookie"));
}

TEST_CASE("An address in use is a conflict that says so") {
  ServerThread server(echo);
  boost::asio::io_context io;
  HttpServer second(io.get_executor(), echo);
  const auto result = second.listen_tcp("127.0.0.1", static_cast<std::uint16_t>(server.port()));
  REQUIRE(!result);
  CHECK(result.error().code == ErrorCode::conflict);
  CHECK(result.error().message.find("Address already in use") != std::string::npos);
  CHECK(!result.error().hint.empty());
  CHECK(!second.listen_tcp("no.such.host.invalid", 0));
}

TEST_CASE("Without descriptors left, accepting waits and does not spin") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  ServerThread server(echo);
  server.run([] {});  // it listens; accept(2) takes a descriptor before it looks whom for
  RawClient client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const rlimit low{256, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  std::vector<int> fill;
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) fill.push_back(fd);

  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(server.port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int connected =
      ::connect(client.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  client.send(get("/"));
  const auto cpu = cpu_seconds();
  const bool answered = client.read_some(300ms);
  const auto used = cpu_seconds() - cpu;
  for (const int fd : fill) ::close(fd);
  ::setrlimit(RLIMIT_NOFILE, &before);

  CHECK(connected == 0);
  CHECK(!answered);
  CHECK(used < 0.1);
  CHECK(client.read_reply()->status == 200);
}

TEST_CASE("The Unix socket is for its owner alone and goes with the server") {
  const TempDirectory dir;
  const auto path = dir.path() / "rocd.sock";
  {
    ServerThread server([](const HttpRequest& request) {
      HttpResponse response;
      response.body = request.local ? "local" : "remote";
      return response;
    });
    REQUIRE(server.listen_unix(path).has_value());
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    auto client = connect_unix(path);
    client.send(get("/"));
    CHECK(client.read_reply()->body == "local");
    auto tcp = server.client();
    tcp.send(get("/"));
    CHECK(tcp.read_reply()->body == "remote");
  }
  CHECK(!std::filesystem::exists(path));
}

TEST_CASE("The socket file of a daemon that is gone is replaced, any other is not") {
  const TempDirectory dir;
  const auto path = dir.path() / "rocd.sock";
  ServerThread server(echo);

  SECTION("gone") {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path.c_str());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    ::close(fd);
    REQUIRE(std::filesystem::exists(path));
    REQUIRE(server.listen_unix(path).has_value());
    auto client = connect_unix(path);
    client.send(get("/"));
    CHECK(client.read_reply()->status == 200);
  }
  SECTION("alive") {
    ServerThread first(echo);
    REQUIRE(first.listen_unix(path).has_value());
    const auto result = server.listen_unix(path);
    REQUIRE(!result);
    CHECK(result.error().code == ErrorCode::conflict);
    auto client = connect_unix(path);
    client.send(get("/"));
    CHECK(client.read_reply()->status == 200);
  }
  SECTION("a file with somebody's text") {
    ::close(::open(path.c_str(), O_CREAT | O_WRONLY, 0600));
    const auto result = server.listen_unix(path);
    REQUIRE(!result);
    CHECK(result.error().code == ErrorCode::conflict);
    CHECK(std::filesystem::is_regular_file(path));
  }
  SECTION("a link to somebody's file") {
    std::filesystem::create_symlink("/etc/passwd", path);
    CHECK(!server.listen_unix(path));
    CHECK(std::filesystem::is_symlink(path));
  }
  SECTION("no folder, or too long") {
    CHECK(!server.listen_unix(dir.path() / "none" / "rocd.sock"));
    CHECK(server.listen_unix("/tmp/" + std::string(120, 'x')).error().code ==
          ErrorCode::invalid_argument);
  }
}

namespace {

// A source of events whose writers the test drives, in the server's thread.
struct Source {
  std::vector<std::shared_ptr<StreamWriter>> writers;
  std::atomic<int> kept = 0;  // what open connections hold

  HttpResponse operator()(const HttpRequest&) {
    HttpResponse response;
    response.content_type = "text/event-stream";
    response.stream = [this](std::shared_ptr<StreamWriter> writer) -> std::shared_ptr<void> {
      writers.push_back(writer);
      ++kept;
      return {this, [](Source* source) { --source->kept; }};
    };
    return response;
  }
  bool write_all(const std::string& text) {
    const auto chunk = std::make_shared<const std::string>(text);
    std::erase_if(writers, [&](const auto& writer) { return !writer->write(chunk); });
    return !writers.empty();
  }
};

}  // namespace

TEST_CASE("Events arrive as they are written, and the end of a reader is noticed") {
  Source source;
  ServerThread server(std::ref(source));
  auto client = server.client();
  client.send(get("/events"));
  REQUIRE(client.read_until("\r\n\r\n"));
  CHECK(client.input().find("Transfer-Encoding: chunked") != std::string::npos);
  REQUIRE(eventually([&] { return source.kept == 1; }));
  server.run([&] { source.write_all("data: 1\n\n"); });
  CHECK(client.read_until("\r\n9\r\ndata: 1\n\n\r\n"));
  server.run([&] { source.write_all("data: 2\n\n"); });
  CHECK(client.read_until("9\r\ndata: 2\n\n\r\n"));

  SECTION("the reader closes") {
    client.close();
    CHECK(eventually([&] { return source.kept == 0; }));
    CHECK(eventually([&] { return server.connections() == 0; }));
    server.run([&] { CHECK(!source.write_all("data: 3\n\n")); });
  }
  SECTION("the source closes") {
    server.run([&] {
      source.write_all("data: last\n\n");
      source.writers.front()->close();
    });
    CHECK(client.read_until("data: last\n\n\r\n0\r\n\r\n"));
    CHECK(client.closed_by_peer());
    CHECK(source.kept == 0);
  }
  SECTION("a reader that sends megabytes is dropped") {
    const std::string junk(1024 * 1024, 'j');
    while (client.send(junk)) {
    }
    CHECK(eventually([&] { return source.kept == 0; }));
  }
  SECTION("the server goes without shutdown, and lets go of the source") {
    server.destroy();
    CHECK(source.kept == 0);
    CHECK(client.closed_by_peer());
    server.run([&] { CHECK(!source.write_all("data: 3\n\n")); });
  }
}

TEST_CASE("A silent event stream has a heartbeat") {
  HttpLimits limits;
  limits.heartbeat = 10ms;
  Source source;
  ServerThread server(std::ref(source), limits);
  auto client = server.client();
  client.send(get("/events"));
  CHECK(client.read_until(":\n\n\r\n3\r\n:\n\n"));
}

TEST_CASE("A reader whose filter drops all that happens has a heartbeat, too") {
  HttpLimits limits;
  limits.heartbeat = 300ms;
  std::vector<std::function<void()>> readers;  // used by the server's thread alone
  const auto handler = [&](const HttpRequest&) {
    HttpResponse response;
    response.content_type = "text/event-stream";
    response.pull = [&](std::function<void()> wake) -> std::unique_ptr<ChunkSource> {
      class Nothing final : public ChunkSource {
        std::shared_ptr<const std::string> next() override { return nullptr; }
      };
      readers.push_back(std::move(wake));
      return std::make_unique<Nothing>();
    };
    return response;
  };
  ServerThread server(handler, limits);
  auto client = server.client();
  client.send(get("/events"));
  // Something happens much more often than the heartbeat comes.
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  bool heard = false;
  while (!heard && std::chrono::steady_clock::now() < deadline) {
    server.run([&] {
      for (const auto& wake : readers) wake();
    });
    heard = client.read_until("\r\n\r\n3\r\n:\n\n", 5ms);
  }
  CHECK(heard);
}

TEST_CASE("An HTTP/1.0 reader gets events without chunks") {
  Source source;
  ServerThread server(std::ref(source));
  auto client = server.client();
  client.send("GET /events HTTP/1.0\r\n\r\n");
  REQUIRE(eventually([&] { return source.kept == 1; }));
  server.run([&] { source.write_all("data: 1\n\n"); });
  CHECK(client.read_until("\r\n\r\ndata: 1\n\n"));
}

TEST_CASE("HEAD of an event stream ends at once") {
  Source source;
  ServerThread server(std::ref(source));
  auto client = server.client();
  client.send("HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.read_reply(true)->headers.at("content-type") == "text/event-stream");
  CHECK(client.closed_by_peer());
  CHECK(source.kept == 0);
}

TEST_CASE("A reader of events that is too slow is dropped, the others get everything") {
  Source source;
  ServerThread server(std::ref(source));
  auto slow = connect_tcp(server.port(), 4096);
  slow.send(get("/events"));
  auto quick = server.client();
  quick.send(get("/events"));
  REQUIRE(eventually([&] { return source.kept == 2; }));

  const std::string event = "data: " + std::string(16 * 1024, 'e') + "\n\n";
  std::size_t sent = 0;
  auto longest = Duration(0);
  while (source.kept == 2 && sent < 4000) {
    server.run([&] {
      const auto start = std::chrono::steady_clock::now();
      (void)source.write_all(event);
      longest = std::max<Duration>(longest, std::chrono::steady_clock::now() - start);
    });
    ++sent;
    while (quick.read_some(0s)) {
    }
  }
  CHECK(source.kept == 1);
  CHECK(longest < 1s);  // the writer never waits; a busy machine may
  server.run([&] { source.write_all("data: end\n\n"); });
  CHECK(quick.read_until("data: end"));
  std::size_t received = 0;
  for (auto at = quick.input().find("data: e"); at != std::string::npos;
       at = quick.input().find("data: e", at + 1)) {
    ++received;
  }
  CHECK(received == sent + 1);
}

TEST_CASE("Shutdown ends idle, half-read and streaming connections within a second") {
  Source source;
  ServerThread server([&](const HttpRequest& request) {
    return request.path == "/events" ? source(request) : echo(request);
  });
  auto idle = server.client();
  idle.send(get("/"));
  CHECK(idle.read_reply()->status == 200);
  auto half = server.client();
  half.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  auto reader = server.client();
  reader.send(get("/events"));
  REQUIRE(eventually([&] { return source.kept == 1; }));

  CHECK(server.shutdown() < 1s);
  CHECK(source.kept == 0);
  CHECK(idle.closed_by_peer());
  CHECK(half.closed_by_peer());
  CHECK(reader.closed_by_peer());
  CHECK(reader.input().ends_with("0\r\n\r\n"));
  CHECK_THROWS(server.client());
}

TEST_CASE("Shutdown with idle connections only does not wait") {
  HttpLimits limits;
  limits.shutdown_timeout = 60s;
  ServerThread server(echo, limits);
  auto idle = server.client();
  idle.send(get("/"));
  CHECK(idle.read_reply()->status == 200);
  CHECK(server.shutdown() < 30s);
}
