// /metrics and /constraints.
#include <catch2/catch_test_macros.hpp>

#include "api/api_fixture.hpp"

namespace rocd::test {
namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE_METHOD(ApiFixture, "Metrics say how each stream is") {
  const auto answer = ask("GET", "/metrics");
  CHECK(answer.status == 200);
  CHECK(answer.content_type == "text/plain; version=0.0.4; charset=utf-8");
  const auto labels = "{stream=\"" + to_kitchen + "\",name=\"Music to kitchen\"} ";
  CHECK(has_line(answer.body, "# TYPE rocd_stream_up gauge"));
  CHECK(has_line(answer.body, "rocd_stream_up" + labels + "0"));
  CHECK(has_line(answer.body, "rocd_stream_restarts_total" + labels + "0"));
  CHECK(has_line(answer.body, "rocd_streams{state=\"starting\"} 1"));
  CHECK(has_line(answer.body, "rocd_streams{state=\"running\"} 0"));
  CHECK(answer.body.find("rocd_stream_loss_ratio{") == std::string::npos);  // not known

  for (auto* process : spawner.alive()) process->crash();
  settle();
  CHECK(has_line(ask("GET", "/metrics").body, "rocd_streams{state=\"backoff\"} 1"));
}

TEST_CASE_METHOD(ApiFixture, "Metrics count requests by route and code, whatever is asked for") {
  ask("GET", "/streams/" + to_kitchen);
  ask("GET", "/streams/" + to_kitchen);
  ask("GET", "/streams/aaaaaa-aaaaaa-aaaaaa");
  ask("GET", "/a/" + std::string(100, 'b'));
  api->count_refusal(431);
  const auto text = ask("GET", "/metrics").body;
  const auto count = [](const char* method, const char* route, const char* code) {
    return std::string("rocd_http_requests_total{method=\"") + method + "\",route=\"" + route +
           "\",code=\"" + code + "\"} ";
  };
  CHECK(has_line(text, count("GET", "/streams/{stream_uid}", "200") + "2"));
  CHECK(has_line(text, count("GET", "/streams/{stream_uid}", "404") + "1"));
  CHECK(has_line(text, count("GET", "none", "404") + "1"));
  CHECK(has_line(text, count("other", "none", "431") + "1"));
  CHECK(has_line(text,
                 "rocd_http_request_duration_seconds_count{method=\"GET\",route=\"/streams/"
                 "{stream_uid}\"} 3"));
}

TEST_CASE_METHOD(ApiFixture, "Metrics follow PipeWire, and tell lost events") {
  CHECK(has_line(ask("GET", "/metrics").body, "rocd_pipewire_connected 1"));
  CHECK(has_line(ask("GET", "/metrics").body, "rocd_pipewire_reconnects_total 0"));
  driver.disconnect();
  settle();
  CHECK(has_line(ask("GET", "/metrics").body, "rocd_pipewire_connected 0"));
  driver.connect();
  settle();
  CHECK(has_line(ask("GET", "/metrics").body, "rocd_pipewire_reconnects_total 1"));
  events.count_dropped(7);
  CHECK(has_line(ask("GET", "/metrics").body, "rocd_events_dropped_total 7"));
}

TEST_CASE_METHOD(ApiFixture, "Metrics tell how many lines of the log stderr did not take") {
  const auto text = ask("GET", "/metrics").body;
  CHECK(has_line(text, "# TYPE rocd_log_lines_dropped_total counter"));
  CHECK(has_line(text, "rocd_log_lines_dropped_total " + std::to_string(dropped_log_lines())));
}

TEST_CASE_METHOD(ApiFixture, "A name with quotes and line breaks breaks no metric") {
  ask("POST", "/streams", {.body = sending_body(R"("display_name": "a\"b\\c")")});
  CHECK(ask("GET", "/metrics").body.find("name=\"a\\\"b\\\\c\"} ") != std::string::npos);
}

TEST_CASE_METHOD(ApiFixture,
                 "Constraints are what validation keeps to, and what the tools can do") {
  const auto answer = ask("GET", "/constraints");
  CHECK(answer.status == 200);
  CHECK(answer.at("/streams/profiles/balanced/target_latency_ms") == "120.0");
  CHECK(answer.at("/streams/packet_length_ms/max") == "60.0");
  CHECK(answer.at("/streams/extra_args") == "false");
  CHECK(answer.at("/streams/send/usable") == "true");
  CHECK(ask("GET", "/constraints", {.if_none_match = std::string(answer.header("ETag"))}).status ==
        304);
  const auto body = [this](const std::string& packet) {
    return sending_body(R"("settings": {"packet_length": ")" + packet + R"("})");
  };
  CHECK(ask("POST", "/streams", {.body = body("61ms")}).status == 422);
  CHECK(ask("POST", "/streams", {.body = body("60ms")}).status == 201);
  engine.set_info({});
  settle();
  CHECK(ask("GET", "/constraints").at("/streams/send/usable") == "false");
}

}  // namespace rocd::test
