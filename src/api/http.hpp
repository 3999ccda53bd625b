// Requests and responses as the handlers see them: plain values, no Beast. (pure)
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rocd {

enum class Method { get, head, post, put, patch, del, options, other };

struct HttpRequest {
  Method method = Method::get;
  std::string method_text;  // as sent, for messages
  std::string target;       // as sent
  std::string path;         // decoded, without query
  std::map<std::string, std::string> query;
  std::string content_type, accept, if_match, if_none_match, host, origin;
  std::string body;
};

// Feeds an open-ended response. write() returns false once the reader is gone or too slow (its
// bounded queue is full); the source then lets go of it.
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;
  virtual bool write(std::shared_ptr<const std::string> chunk) = 0;
  virtual void close() = 0;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // Set for open-ended responses (SSE): called once with the writer after the head was sent; what
  // it returns is kept until the connection ends.
  std::function<std::shared_ptr<void>(std::shared_ptr<StreamWriter>)> stream;
};

}  // namespace rocd
