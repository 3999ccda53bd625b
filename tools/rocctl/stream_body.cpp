#include "rocctl/stream_body.hpp"

#include <fstream>
#include <iostream>
#include <iterator>

#include "rocctl/addresses.hpp"
#include "rocctl/json_access.hpp"
#include "rocctl/yaml.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

constexpr const char* connection_members[] = {"endpoint_uri", "media_uri", "repair_uri",
                                              "control_uri"};

Outcome<json::object> connection(const Session& session, const std::string& word, Side side,
                                 const StreamOptions& options) {
  if (is_address(word)) {
    auto addresses = derive_addresses({word, options.repair, options.control}, side);
    if (!addresses) return addresses.error();
    for (const auto& chosen : addresses->chosen) session.note(chosen);
    return std::move(addresses->connection);
  }
  const auto endpoint = session.endpoint(word);
  if (!endpoint) return endpoint.error();
  return json::object{{"connection_type", "endpoint"},
                      {"endpoint_uri", text_at(*endpoint, "/endpoint_uri")}};
}

// What both a new stream and a change may say.
json::object without_sides(const StreamOptions& options) {
  json::object body;
  if (options.display_name) body["display_name"] = *options.display_name;
  json::object settings;
  for (const auto& [name, value] : options.settings) settings[name] = value;
  if (!settings.empty()) body["settings"] = std::move(settings);
  return body;
}

// A merge patch keeps what it does not name: what belonged to the former connection has to go.
json::object replacing(json::object connection) {
  for (const char* member : connection_members) connection.emplace(member, nullptr);
  return connection;
}

// --repair and --control without a new address: for the side that has one.
Outcome<> change_addresses(json::object& body, const StreamOptions& options,
                           const json::value& stream) {
  const bool receives = text_at(stream, "/source/connection_type") == "external";
  const char* side = receives ? "source" : "destination";
  const auto media = text_at(stream, "/" + std::string(side) + "/media_uri");
  if (media.empty())
    return usage_failure("--repair and --control: the stream has no address of its own to go with",
                         "give --source or --destination, too");
  const auto addresses = derive_addresses({media, options.repair, options.control},
                                          receives ? Side::source : Side::destination);
  if (!addresses) return addresses.error();
  auto& connection = body[side].emplace_object();
  const auto take = [&](const char* member, const std::optional<std::string>& given) {
    if (!given) return;
    const auto* made = addresses->connection.if_contains(member);
    connection[member] = made == nullptr ? json::value() : *made;
  };
  take("repair_uri", options.repair);
  take("control_uri", options.control);
  return {};
}

}  // namespace

Outcome<json::object> stream_from_options(const Session& session, const StreamOptions& options) {
  const bool from_address = is_address(options.source);
  const bool to_address = is_address(options.destination);
  if (from_address && to_address)
    return usage_failure(
        "SOURCE and DESTINATION are both addresses: rocd carries audio from or to "
        "a device",
        "'rocctl endpoint ls' lists the devices");
  if (!from_address && !to_address && (options.repair || options.control))
    return usage_failure(
        "--repair and --control go with an address, such as "
        "rtp+rs8m://192.168.1.20:10001");
  auto body = without_sides(options);
  if (options.disabled) body["enabled"] = false;
  auto source = connection(session, options.source, Side::source, options);
  if (!source) return source;
  body["source"] = std::move(*source);
  auto destination = connection(session, options.destination, Side::destination, options);
  if (!destination) return destination;
  body["destination"] = std::move(*destination);
  return body;
}

Outcome<json::value> stream_from_file(const std::string& name) {
  std::ifstream file;
  if (name != "-") file.open(name);
  std::istream& in = name == "-" ? std::cin : file;
  if (!in) return Failure{.message = "cannot read '" + name + "'"};
  const std::string text(std::istreambuf_iterator<char>(in), {});
  auto body = parse_document(text);
  if (!body) return Failure{.message = "'" + name + "': " + body.error().message};
  // What `stream show` prints is another stream's: its names are its own.
  if (auto* stream = body->if_object())
    for (const auto* key : {"stream_uid", "stream_uri"}) stream->erase(key);
  return body;
}

Outcome<json::object> change_from_options(const Session& session, const StreamOptions& options,
                                          const json::value& stream) {
  auto body = without_sides(options);
  if (is_address(options.source) && is_address(options.destination))
    return usage_failure("--source and --destination are both addresses",
                         "rocd carries audio from or to a device");
  for (const auto& [name, word, side] :
       {std::tuple{"source", options.source, Side::source},
        std::tuple{"destination", options.destination, Side::destination}}) {
    if (word.empty()) continue;
    auto made = connection(session, word, side, options);
    if (!made) return made;
    body[name] = replacing(std::move(*made));
  }
  const bool new_address = is_address(options.source) || is_address(options.destination);
  if ((options.repair || options.control) && !new_address) {
    const auto changed = change_addresses(body, options, stream);
    if (!changed) return changed.error();
  }
  if (body.empty())
    return usage_failure("there is nothing to set",
                         "give --name, --source, --destination, --profile or another setting");
  return body;
}

}  // namespace rocctl
