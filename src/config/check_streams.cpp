// What a stream of the file must be beyond its own shape: its endpoints exist, and the rules that
// hold for every stream (model/validate) hold for it. Those rules know uids and JSON pointers; here
// they get provisional uids, and their findings are put into the words and places of the file.
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <unordered_map>

#include "config/entries.hpp"
#include "config/yaml_key.hpp"
#include "model/validate.hpp"

namespace rocd {
namespace {

// Fits everywhere: what the node is, is only known when the sound system shows it.
EndpointSpec any_system_device(const std::string& node_name) {
  EndpointSpec spec;
  spec.type = EndpointType::system_device;
  spec.direction = StreamDirection::duplex;
  spec.system_name = node_name;
  spec.display_name = node_name;
  return spec;
}

// Provisional uids: of no peer, but as unequal as the final ones.
Uid provisional_endpoint(const std::string& reference) {
  if (reference.starts_with(system_reference))
    return system_endpoint_uid({}, reference.substr(system_reference.size()));
  return Uid::derive("", "endpoint", reference);
}

using EndpointsByUid = std::unordered_map<Uid, EndpointSpec>;

EndpointsByUid lookup_table(const ReadEndpoints& endpoints) {
  EndpointsByUid table;
  for (const auto& entry : endpoints.entries) {
    const auto uid = provisional_endpoint(entry.spec.name);
    auto spec = entry.spec;
    // With a mistake in it, its direction may not be what was meant: no further complaints.
    if (endpoints.broken.contains(spec.name)) spec.direction = StreamDirection::duplex;
    table.try_emplace(uid, std::move(spec));
  }
  return table;
}

void resolve(const std::optional<std::string>& name, Connection& connection,
             const std::string& side, const ReadEndpoints& endpoints, EndpointsByUid& table,
             ReadStream& stream, Mistakes& mistakes) {
  if (!name) return;
  const auto place = stream.places[side];
  const auto& known = endpoints.names;
  if (name->starts_with(system_reference)) {
    const auto node = name->substr(system_reference.size());
    if (node.empty()) {
      mistakes.add(place, "'system:' names no device, expected 'system:NODE_NAME'");
      stream.broken.push_back({side, {}});
      return;
    }
    table.try_emplace(provisional_endpoint(*name), any_system_device(node));
  } else if (std::find(known.begin(), known.end(), *name) == known.end()) {
    const auto hint = name->find("://") == std::string::npos
                          ? ", expected a name of 'endpoints' or 'system:NODE_NAME'"
                          : fmt::format(", expected {{media: '{}'}} for an address", *name);
    mistakes.add(
        place, fmt::format("there is no endpoint '{}'{}", *name, did_you_mean(*name, known, hint)));
    stream.broken.push_back({side, {}});
    return;
  }
  connection = EndpointRef{{}, provisional_endpoint(*name)};
}

// Could all of this side be read?
bool is_broken(const ReadStream& stream, std::string_view side) {
  return std::ranges::any_of(stream.broken,
                             [&](const FieldError& error) { return error.path.starts_with(side); });
}

YamlPlace place_of_field(const ReadStream& stream, std::string pointer) {
  // From "/settings/extra_args/2" up to what has a place.
  while (!pointer.empty()) {
    if (const auto found = stream.places.find(pointer); found != stream.places.end())
      return found->second;
    pointer.resize(pointer.rfind('/'));
  }
  return stream.place;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  if (from.empty()) return;
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

std::string in_words_of_file(std::string reason, const std::vector<ReadStream>& streams) {
  for (const auto* side : {"/source/", "/destination/"})
    for (const auto* field : {"media", "repair", "control"})
      replace_all(reason, fmt::format("{}{}_uri", side, field), fmt::format("'{}'", field));
  for (const auto& stream : streams)
    replace_all(reason, stream.entry.spec.uid.str(), stream.entry.spec.location);
  return reason;
}

}  // namespace

void check_streams(std::vector<ReadStream>& streams, const ReadEndpoints& endpoints,
                   Mistakes& mistakes) {
  auto table = lookup_table(endpoints);
  for (auto& stream : streams) {
    auto& entry = stream.entry;
    entry.spec.uid = Uid::derive("", "stream", entry.spec.name);
    resolve(entry.source_name, entry.spec.source, "/source", endpoints, table, stream, mistakes);
    resolve(entry.destination_name, entry.spec.destination, "/destination", endpoints, table,
            stream, mistakes);
  }
  // Each stream is held against those before it: a conflict is said once, at the later one.
  const ReadStream* current = nullptr;
  ValidationContext context;
  context.allow_extra_args = true;  // who may write the file may run programs anyway
  context.find_endpoint = [&](const Uid& uid) {
    const auto found = table.find(uid);
    return found == table.end() ? nullptr : &found->second;
  };
  context.each_stream = [&](const std::function<void(const StreamSpec&)>& visit) {
    for (const auto* other = streams.data(); other != current; ++other)
      if (!is_broken(*other, "/source") && !is_broken(*other, "/enabled")) visit(other->entry.spec);
  };
  for (const auto& stream : streams) {
    current = &stream;
    const auto all = all_mistakes(stream.broken, validate(stream.entry.spec, context));
    for (const auto& error : std::span(all).subspan(stream.broken.size()))
      mistakes.add(
          place_of_field(stream, error.path),
          fmt::format("'{}': {}", yaml_key(error.path), in_words_of_file(error.reason, streams)));
  }
}

}  // namespace rocd
