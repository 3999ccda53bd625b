#include "config/entries.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "model/validate.hpp"

namespace rocd {
namespace {

constexpr std::size_t max_entries = 1000;
constexpr std::size_t max_extra_args = 100;
constexpr std::size_t max_display_name = 256;
constexpr std::uint32_t max_channels = 8;
constexpr std::uint32_t min_sample_rate = 8000;
constexpr std::uint32_t max_sample_rate = 192'000;
constexpr double max_volume = 4;

// Names are keys: each stands once in its list.
class Names {
 public:
  explicit Names(std::string what) : what_(std::move(what)) {}

  std::string read(MapReader& reader) {
    if (!reader.has("name")) {
      (void)reader.node("name");  // known, for "did you mean"
      reader.missing("name", "the key of this " + what_);
      return {};
    }
    const auto text = reader.text("name", "the key of this " + what_);
    if (!text) return {};
    if (!is_endpoint_name(*text)) {
      reader.wrong("name", fmt::format("'{}' is not a name, expected 1 to 63 of a-z, 0-9, '_' and "
                                       "'-', beginning with a letter or digit",
                                       *text));
      return *text;  // others may refer to it: one mistake is enough
    }
    const auto [first, added] = lines_.try_emplace(*text, reader.place("name").line);
    if (!added)
      reader.wrong("name", fmt::format("the name '{}' is already that of the {} in line {}", *text,
                                       what_, first->second));
    return *text;
  }

 private:
  std::string what_;
  std::map<std::string, int> lines_;
};

std::string read_display_name(MapReader& reader, const std::string& name) {
  auto text = reader.text("display_name").value_or(name);
  if (text.size() > max_display_name)
    reader.wrong("display_name", fmt::format("'display_name' has {} bytes, expected at most {}",
                                             text.size(), max_display_name));
  return text;
}

EndpointSpec read_endpoint(MapReader& reader, Names& names) {
  EndpointSpec spec;
  spec.name = names.read(reader);
  spec.display_name = read_display_name(reader, spec.name);
  spec.system_name = "rocd." + spec.name;
  spec.origin = Origin::config;
  const auto direction = reader.choice<StreamDirection>(
      "direction", {{"output", StreamDirection::output}, {"input", StreamDirection::input}});
  if (!reader.has("direction"))
    reader.missing("direction", "output (applications play to it) or input (they record from it)");
  spec.direction = direction.value_or(spec.direction);
  spec.channels = reader.integer("channels", 1, max_channels).value_or(spec.channels);
  spec.sample_rate =
      reader.integer("sample_rate", min_sample_rate, max_sample_rate).value_or(spec.sample_rate);
  spec.volume = reader.number("volume", 0, max_volume).value_or(spec.volume);
  spec.muted = reader.boolean("muted").value_or(false);
  spec.is_default = reader.boolean("default").value_or(false);
  return spec;
}

// Notes which fields of a stream could not be read.
class Broken {
 public:
  Broken(ReadStream& stream, const Mistakes& mistakes) : stream_(stream), mistakes_(mistakes) {}

  // What `read` gives; a mistake that it says is one of the field.
  template <class Read>
  auto note(const std::string& pointer, Read&& read) {
    const auto before = mistakes_.count();
    auto value = read();
    if (mistakes_.count() != before) stream_.broken.push_back({pointer, {}});
    return value;
  }

 private:
  ReadStream& stream_;
  const Mistakes& mistakes_;
};

std::optional<MediaUri> read_uri(MapReader& reader, const std::string& key, Interface interface) {
  const auto text = reader.text(key, "SCHEME://HOST:PORT");
  if (!text) return std::nullopt;
  const auto uri = parse_uri(*text, interface);
  if (uri) return *uri;
  reader.wrong(key, fmt::format("'{}': {}", key, uri.error().message));
  return std::nullopt;
}

// One end of a stream: the name of an endpoint, or a mapping of addresses.
// False: one cannot know what was meant, and that is said.
bool read_connection(MapReader& stream, const std::string& key, ReadStream& read,
                     Mistakes& mistakes) {
  const bool is_source = key == "source";
  auto& connection = is_source ? read.entry.spec.source : read.entry.spec.destination;
  auto& name = is_source ? read.entry.source_name : read.entry.destination_name;
  const std::string expected =
      "the name of an endpoint, 'system:NODE_NAME', or a mapping with media, repair, control";

  const auto pointer = "/" + key;
  const auto node = stream.node(key);
  if (!node) {
    if (!stream.has(key)) stream.missing(key, expected);
    return false;
  }
  read.places[pointer] = stream.place(key);
  if (node->IsMap()) {
    MapReader address(*node, stream.place(key), fmt::format("'{}'", key), mistakes);
    ExternalAddress external;
    Broken broken(read, mistakes);
    const auto uri = [&](const std::string& field, Interface interface) {
      return broken.note(fmt::format("{}/{}_uri", pointer, field),
                         [&] { return read_uri(address, field, interface); });
    };
    external.media = uri("media", Interface::media);
    external.repair = uri("repair", Interface::repair);
    external.control = uri("control", Interface::control);
    // It may be one of the three, mistyped.
    const auto unknown = mistakes.count();
    address.finish();
    if (mistakes.count() != unknown)
      for (const auto* field : {"media", "repair", "control"})
        if (!address.has(field))
          read.broken.push_back({fmt::format("{}/{}_uri", pointer, field), {}});
    for (const auto& [field, origin] : address.origins())
      read.entry.origins[fmt::format("{}.{}", key, field)] = origin;
    for (const auto* field : {"media", "repair", "control"})
      read.places[fmt::format("{}/{}_uri", pointer, field)] = address.place(field);
    connection = external;
    return true;
  }
  connection = EndpointRef{};
  name = stream.text(key, expected);
  return name.has_value();
}

template <class T>
T word(MapReader& reader, const std::string& key, const Choices<T>& choices, T otherwise) {
  return reader.choice<T>(key, choices).value_or(otherwise);
}

StreamSettings read_settings_of(MapReader& reader, ReadStream& read, const Mistakes& mistakes) {
  StreamSettings settings;
  auto& places = read.places;
  Broken broken(read, mistakes);
  const auto duration = [&](const std::string& key) {
    return broken.note("/settings/" + key, [&] { return reader.duration(key); });
  };
  settings.profile = word<Profile>(
      reader, "profile",
      {{"low", Profile::low}, {"balanced", Profile::balanced}, {"robust", Profile::robust}},
      settings.profile);
  settings.target_latency = duration("target_latency");
  settings.io_latency = duration("io_latency");
  settings.packet_length = duration("packet_length");
  settings.fec = word<std::optional<FecScheme>>(reader, "fec",
                                                {{"auto", std::nullopt},
                                                 {"none", FecScheme::none},
                                                 {"rs8m", FecScheme::rs8m},
                                                 {"ldpc", FecScheme::ldpc}},
                                                std::nullopt);
  settings.resampler_profile = word<ResamplerProfile>(reader, "resampler_profile",
                                                      {{"low", ResamplerProfile::low},
                                                       {"medium", ResamplerProfile::medium},
                                                       {"high", ResamplerProfile::high}},
                                                      settings.resampler_profile);
  settings.restart = word<RestartPolicy>(reader, "restart",
                                         {{"always", RestartPolicy::always},
                                          {"on_failure", RestartPolicy::on_failure},
                                          {"never", RestartPolicy::never}},
                                         settings.restart);
  settings.on_idle = word<OnIdle>(
      reader, "on_idle", {{"keep", OnIdle::keep}, {"pause", OnIdle::pause}}, settings.on_idle);
  settings.idle_after = duration("idle_after");
  settings.extra_args = reader.texts("extra_args", max_extra_args);
  for (std::size_t i = 0; i < settings.extra_args.size(); ++i)
    places[fmt::format("/settings/extra_args/{}", i)] = reader.place_in("extra_args", i);
  for (const auto* key : {"target_latency", "io_latency", "packet_length", "fec", "on_idle",
                          "idle_after", "extra_args"})
    places[fmt::format("/settings/{}", key)] = reader.place(key);
  return settings;
}

}  // namespace

ReadEndpoints read_endpoints(MapReader& file, Mistakes& mistakes) {
  ReadEndpoints read;
  Names names("endpoint");
  for (const auto& node : file.mappings("endpoints", max_entries)) {
    const auto before = mistakes.count();
    MapReader reader(node, place_of(node), "an endpoint", mistakes);
    auto spec = read_endpoint(reader, names);
    reader.finish();
    spec.location = mistakes.location(reader.place());
    if (!spec.name.empty()) read.names.push_back(spec.name);
    if (mistakes.count() != before) read.broken.insert(spec.name);
    read.entries.push_back({std::move(spec), reader.origins()});
  }
  return read;
}

std::vector<ReadStream> read_streams(MapReader& file, Mistakes& mistakes) {
  std::vector<ReadStream> streams;
  Names names("stream");
  for (const auto& node : file.mappings("streams", max_entries)) {
    MapReader reader(node, place_of(node), "a stream", mistakes);
    ReadStream read;
    Broken broken(read, mistakes);
    auto& spec = read.entry.spec;
    read.place = reader.place();
    spec.name = names.read(reader);
    spec.display_name = read_display_name(reader, spec.name);
    spec.enabled =
        broken.note("/enabled", [&] { return reader.boolean("enabled"); }).value_or(true);
    spec.origin = Origin::config;
    spec.location = mistakes.location(read.place);
    for (const std::string side : {"source", "destination"})
      if (!read_connection(reader, side, read, mistakes)) read.broken.push_back({"/" + side, {}});
    spec.settings = read_settings_of(reader, read, mistakes);
    reader.finish();
    read.entry.origins.merge(reader.origins());
    streams.push_back(std::move(read));
  }
  return streams;
}

}  // namespace rocd
