#include "api/open_readers.hpp"

#include <utility>

namespace rocd {

struct OpenReaders::Reader {
  HttpRequest shown;  // what of the request tells who asks
  Role role = Role::none;
  bool ended = false;
  std::function<void()> end;  // empty: not open yet, or not any more
};

// A source up to the moment at which its reader is ended.
class OpenReaders::Chunks final : public ChunkSource {
 public:
  Chunks(std::shared_ptr<Reader> reader, std::unique_ptr<ChunkSource> source)
      : reader_(std::move(reader)), source_(std::move(source)) {}
  ~Chunks() override { reader_->end = nullptr; }
  Chunks(const Chunks&) = delete;
  Chunks& operator=(const Chunks&) = delete;

  std::shared_ptr<const std::string> next() override {
    return reader_->ended ? nullptr : source_->next();
  }
  [[nodiscard]] bool ended() const override { return reader_->ended || source_->ended(); }

 private:
  std::shared_ptr<Reader> reader_;
  std::unique_ptr<ChunkSource> source_;
};

void OpenReaders::add(const HttpRequest& request, Role role, HttpResponse& response) {
  std::erase_if(readers_, [](const auto& reader) { return reader.expired(); });
  auto reader = std::make_shared<Reader>();
  reader->role = role;
  reader->shown.local = request.local;
  reader->shown.host = request.host;
  reader->shown.origin = request.origin;
  reader->shown.authorization = request.authorization;
  readers_.push_back(reader);
  if (response.pull) {
    response.pull = [reader, pull = std::move(response.pull)](std::function<void()> wake) {
      reader->end = wake;
      return std::make_unique<Chunks>(reader, pull(std::move(wake)));
    };
    return;
  }
  response.stream = [reader, stream = std::move(response.stream)](
                        const std::shared_ptr<StreamWriter>& writer) -> std::shared_ptr<void> {
    if (reader->ended) {  // after the answer, before this
      writer->close();
      return nullptr;
    }
    reader->end = [writer] { writer->close(); };
    const auto forget = [reader](void*) { reader->end = nullptr; };
    return std::make_shared<std::pair<std::shared_ptr<void>, std::shared_ptr<void>>>(
        stream(writer), std::shared_ptr<void>(nullptr, forget));
  };
}

std::size_t OpenReaders::review(const Judge& judge) {
  std::size_t ended = 0;
  for (const auto& entry : std::vector(readers_)) {
    const auto reader = entry.lock();
    if (!reader || reader->ended || judge(reader->shown) >= reader->role) continue;
    reader->ended = true;
    ++ended;
    if (const auto end = reader->end) end();
  }
  return ended;
}

}  // namespace rocd
