#include "api/exchange_record.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/interfaces/catch_interfaces_capture.hpp>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "base/utf8.hpp"

namespace rocd::test {
namespace json = boost::json;

namespace {

std::ofstream* record() {
  static const char* path = std::getenv("ROCD_RECORD");
  if (path == nullptr) return nullptr;
  static std::ofstream file(path);
  if (!file) throw std::runtime_error("cannot write ROCD_RECORD, which is " + std::string(path));
  return &file;
}

void write(std::ofstream& file, const json::object& line) {
  file << json::serialize(line) << '\n' << std::flush;
}

json::object described(std::string_view kind) {
  return {{"kind", kind}, {"test", Catch::getResultCapture().getCurrentTestName()}};
}

void put(json::object& object, std::string_view name, const std::string& value) {
  if (!value.empty()) object[name] = value;
}

json::object request_json(const HttpRequest& request) {
  json::object headers;
  put(headers, "content-type", request.content_type);
  put(headers, "accept", request.accept);
  put(headers, "if-match", request.if_match);
  put(headers, "if-none-match", request.if_none_match);
  put(headers, "origin", request.origin);
  put(headers, "last-event-id", request.last_event_id);
  put(headers, "accept-encoding", request.accept_encoding);
  put(headers, "access-control-request-method", request.access_control_request_method);
  json::object query;
  for (const auto& [name, value] : request.query) query[name] = value;
  json::object object{{"method", request.method_text}, {"path", request.path}};
  object["query"] = std::move(query);
  object["headers"] = std::move(headers);
  if (is_utf8(request.body)) object["body"] = request.body;
  return object;
}

// Bodies that are not text (gzip) are told by their size.
json::object response_json(int status, json::object headers, const std::string& body) {
  json::object object{{"status", status}, {"bytes", body.size()}};
  object["headers"] = std::move(headers);
  if (is_utf8(body)) object["body"] = body;
  return object;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(c));
  return result;
}

void record_chunk(int id, const std::string& text) {
  auto line = described("chunk");
  line["id"] = id;
  line["text"] = text;
  write(*record(), line);
}

class RecordingWriter final : public StreamWriter {
 public:
  RecordingWriter(std::shared_ptr<StreamWriter> writer, int id)
      : writer_(std::move(writer)), id_(id) {}

  bool write(std::shared_ptr<const std::string> chunk) override {
    record_chunk(id_, *chunk);
    return writer_->write(std::move(chunk));
  }
  void close() override { writer_->close(); }

 private:
  std::shared_ptr<StreamWriter> writer_;
  int id_;
};

class RecordingSource final : public ChunkSource {
 public:
  RecordingSource(std::unique_ptr<ChunkSource> source, int id)
      : source_(std::move(source)), id_(id) {}

  std::shared_ptr<const std::string> next() override {
    auto chunk = source_->next();
    if (chunk) record_chunk(id_, *chunk);
    return chunk;
  }
  [[nodiscard]] bool ended() const override { return source_->ended(); }

 private:
  std::unique_ptr<ChunkSource> source_;
  int id_;
};

// What is written or pulled later is recorded too.
void wrap_source(int id, HttpResponse& response) {
  if (response.pull) {
    response.pull = [id, inner = std::move(response.pull)](std::function<void()> wake) {
      return std::make_unique<RecordingSource>(inner(std::move(wake)), id);
    };
  }
  if (!response.stream) return;
  response.stream = [id, inner = std::move(response.stream)](
                        std::shared_ptr<StreamWriter> writer) -> std::shared_ptr<void> {
    const auto recording = std::make_shared<RecordingWriter>(std::move(writer), id);
    auto source = inner(recording);
    // Whoever writes may keep only a weak reference to its writer.
    return std::make_shared<std::pair<std::shared_ptr<void>, std::shared_ptr<RecordingWriter>>>(
        std::move(source), recording);
  };
}

}  // namespace

void record_exchange(const HttpRequest& request, HttpResponse& response) {
  static int last_id = 0;
  if (record() == nullptr) return;
  const int id = ++last_id;
  json::object headers;  // those of a WebSocket are made by the connection
  if (!response.websocket && !response.content_type.empty())
    headers["content-type"] = response.content_type;
  for (const auto& [name, value] : response.headers) {
    if (!response.websocket) headers[lower(name)] = value;
  }
  auto line = described("exchange");
  line["id"] = id;
  line["request"] = request_json(request);
  line["response"] = response_json(response.status, std::move(headers), response.body);
  write(*record(), line);
  wrap_source(id, response);
}

void record_refusal(int status, const std::map<std::string, std::string>& headers,
                    const std::string& body) {
  if (record() == nullptr) return;
  json::object object;
  for (const auto& [name, value] : headers) object[name] = value;
  auto line = described("refusal");
  line["response"] = response_json(status, std::move(object), body);
  write(*record(), line);
}

}  // namespace rocd::test
