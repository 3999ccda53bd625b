// Requests of all kinds, right and wrong, and streams of events and logs that are opened and left.
#include <algorithm>
#include <boost/json/object.hpp>
#include <functional>
#include <stdexcept>

#include "model/access_token.hpp"
#include "soak/soak_part.hpp"

namespace rocd::test {
namespace {

constexpr std::size_t too_large = 300UL * 1024;  // a body; rocd takes 256 KiB

class RequestSoak final : public SoakPart {
 public:
  [[nodiscard]] std::string token() const override { return token_; }

  [[nodiscard]] std::string config() const override {
    return soak_devices(1) +
           "http: { tokens: [ { name: soak, role: admin, sha256: " + TokenHash::of(token_).hex() +
           " } ] }\n";
  }

  void prepare(SoakScene& scene) override {
    auto& rest = scene.rest();
    const auto devices = soak_device_paths(rest);
    device_ = devices.at("speaker-1");
    const auto made = [&](const boost::json::object& body) {
      return std::string(rest.post("/streams", body).at("stream_uri").as_string());
    };
    running_ = made(receiving_stream(devices.at("microphone-1")));
    auto body = sending_stream(device_);
    body["enabled"] = false;
    stopped_ = made(body);
    scene.wait("the stream does not run",
               [&] { return state_in(rest.get(running_)) == "running"; });
  }

  void run(SoakScene& scene, unsigned cycles) override {
    static const std::vector<std::function<void(RequestSoak&, RestClient&)>> kinds{
        &RequestSoak::read,    &RequestSoak::read_one, &RequestSoak::change,
        &RequestSoak::read,    &RequestSoak::mistake,  &RequestSoak::read_one,
        &RequestSoak::mistake, &RequestSoak::be_wrong, &RequestSoak::read,
        &RequestSoak::follow};
    for (unsigned i = 0; i < cycles; ++i, ++count_)
      kinds[count_ % kinds.size()](*this, scene.rest());
  }

  [[nodiscard]] std::string done() const override {
    return std::to_string(count_) + " requests, " + std::to_string(refused_) +
           " of them refused as they should be, " + std::to_string(followed_) +
           " streams of events and logs opened and left";
  }

 private:
  // The next of a list, each time it is asked for that list.
  template <class T>
  const T& next(const std::vector<T>& list) {
    return list[turns_[&list]++ % list.size()];
  }

  void read(RestClient& rest) {
    static const std::vector<std::string> paths{
        "/peers",       "/peers/self", "/peers/self/endpoints",
        "/streams",     "/system",     "/system/log?lines=20",
        "/metrics",     "/healthz",    "/readyz",
        "/constraints", "/docs",       "/system/config",
        "/openapi.json"};
    const bool packed = count_ % 3 == 0;
    rest.expect(200, "GET", next(paths), {}, packed ? "Accept-Encoding: gzip\r\n" : "");
  }

  void read_one(RestClient& rest) {
    static const std::vector<std::string> suffixes{"", "/log", "/log?lines=5"};
    const auto& suffix = next(suffixes);
    if (count_ % 4 == 1)
      rest.expect(200, "GET", device_);
    else
      rest.expect(200, "GET", running_ + suffix);
  }

  // What is stored, and told to who follows.
  void change(RestClient& rest) {
    const auto text = std::to_string(count_);
    const auto name = R"({"display_name": "Number )" + text + "\"}";
    switch (count_ / 10 % 6) {
      case 0:
        rest.expect(200, "PATCH", device_, R"({"volume": 0.)" + text + "}");
        break;
      case 1:
        rest.expect(202, "POST", stopped_ + "/restart");
        break;
      case 2: {  // one that did not exist before, and does not afterwards
        const auto path = "/streams/" + uid_of(count_);
        rest.expect(
            201, "PUT", path,
            R"({"enabled": false, "source": {"connection_type": "endpoint", "endpoint_uri": ")" +
                device_ +
                R"("}, "destination": {"connection_type": "external", "media_uri": "rtp://127.0.0.1:9"}})");
        rest.remove(path);
        ++count_;
        break;
      }
      case 3:
        if (count_ / 60 % 10 == 0)
          rest.expect(200, "POST", "/system/reload");
        else
          rest.expect(200, "PATCH", stopped_, name);
        break;
      default:
        rest.expect(200, "PATCH", stopped_, name);
    }
  }

  struct Wrong {
    int status;
    std::string method, path, body = {}, head = {};
  };

  void mistake(RestClient& rest) {
    const std::string text = std::to_string(count_);
    static const std::vector<std::function<Wrong(const RequestSoak&, const std::string&)>> kinds{
        [](auto&, auto& n) { return Wrong{404, "GET", "/nothing/" + n}; },
        [](auto&, auto&) { return Wrong{404, "GET", "/streams/abc123-def456-ghi789"}; },
        [](auto&, auto& n) { return Wrong{422, "GET", "/streams?colour" + n + "=red"}; },
        [](auto&, auto&) { return Wrong{405, "DELETE", "/streams"}; },
        [](auto&, auto& n) { return Wrong{400, "POST", "/streams", "{\"a\": " + n}; },
        [](auto&, auto& n) { return Wrong{422, "POST", "/streams", "{\"sauce" + n + "\": 1}"}; },
        [](auto&, auto& n) {
          return Wrong{422, "POST", "/peers/self/endpoints",
                       "{\"stream_direction\": \"" + n + "\"}"};
        },
        [](auto& s, auto&) {
          return Wrong{412, "PATCH", s.stopped_, R"({"display_name": "x"})", "If-Match: \"0\"\r\n"};
        },
        [](auto&, auto& n) {
          return Wrong{403, "GET", "/streams", {}, "Origin: http://evil" + n + ".example\r\n"};
        },
        [](auto& s, auto&) { return Wrong{409, "DELETE", s.device_}; },
        [](auto&, auto& n) { return Wrong{405, "BREW" + n, "/streams"}; }};
    const auto wrong = next(kinds)(*this, text);
    rest.expect(wrong.status, wrong.method, wrong.path, wrong.body, wrong.head);
    ++refused_;
  }

  // What costs the connection, or is not even a request.
  void be_wrong(RestClient& rest) {
    const auto text = std::to_string(count_);
    const std::string host = "Host: localhost\r\n";
    const std::string bearer = "Authorization: Bearer " + token_ + "\r\n";
    const std::vector<std::pair<int, std::string>> kinds{
        {401, "GET /streams HTTP/1.1\r\n" + host + "\r\n"},
        {401,
         "GET /streams HTTP/1.1\r\n" + host + "Authorization: Bearer rocd_" + text + "\r\n\r\n"},
        {413, "POST /streams HTTP/1.1\r\n" + host + bearer +
                  "Content-Type: application/json\r\nContent-Length: " + std::to_string(too_large) +
                  "\r\n\r\n" + std::string(too_large, ' ')},
        {431, "GET /streams HTTP/1.1\r\n" + host + bearer + "X: " + std::string(20'000, 'x') +
                  "\r\n\r\n"},
        {400, "GET /streams HTTP/1.1\r\n" + bearer + "\r\n"},
        {400, "nonsense " + text + "\r\n\r\n"},
        {0, "GET /streams HTTP/1.1\r\nHost: loc"}};
    const auto& [status, bytes] = kinds[wrongs_++ % kinds.size()];
    ++refused_;
    auto connection = rest.connect();
    connection.send(bytes);
    if (status == 0) return connection.reset();
    const auto answer = connection.answer();
    if (!answer || answer->status != status)
      throw std::runtime_error("not " + std::to_string(status) + " to " + bytes.substr(0, 200) +
                               "\nbut " + (answer ? answer->head : "nothing"));
  }

  // Reads the beginning and leaves, sometimes without a word.
  void follow(RestClient& rest) {
    static const std::vector<std::string> paths{"/events", "/events?types=stream.*", "websocket",
                                                "/log?follow", "/system/log?follow"};
    const auto& path = next(paths);
    const bool upgrades = path == "websocket";
    const auto target = upgrades ? "/events" : path == "/log?follow" ? running_ + path : path;
    auto connection = rest.connect();
    connection.send(rest.head_of("GET", target) +
                    (upgrades
                         ? "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: "
                           "13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                         : "") +
                    "\r\n");
    const auto answer = connection.answer();
    if (!answer || answer->status != (upgrades ? 101 : 200) || !connection.read_bytes(20))
      throw std::runtime_error(target + " does not begin: " + (answer ? answer->head : "nothing"));
    ++followed_;
    if (upgrades && followed_ % 2 == 0) {
      connection.send(std::string("\x88\x80", 2) + "abcd");  // close, masked, without a code
      if (!connection.closes()) throw std::runtime_error("the WebSocket stays open");
    } else if (followed_ % 3 == 0) {
      connection.reset();
    }
  }

  static std::string uid_of(unsigned number) {
    auto digits = std::to_string(number);
    digits.insert(0, 6 - std::min<std::size_t>(digits.size(), 6), '0');
    return "soak00-soak00-" + digits;
  }

  const std::string token_ = token_text({1, 2, 3, 4, 5});
  std::string device_, running_, stopped_;
  std::map<const void*, std::size_t> turns_;
  unsigned count_ = 0, refused_ = 0, followed_ = 0, wrongs_ = 0;
};

}  // namespace

std::unique_ptr<SoakPart> make_request_soak() {
  return std::make_unique<RequestSoak>();
}

}  // namespace rocd::test
