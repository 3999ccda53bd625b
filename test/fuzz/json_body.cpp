// The JSON body of a request, as every route that takes one would read it. What is accepted, shown
// and sent again must be accepted and mean the same: GET, edit, PUT; and so must what is stored.
#include "api/json_body.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "fuzz.hpp"
#include "model/json.hpp"
#include "model/json_text.hpp"
#include "model/overrides.hpp"
#include "model/validate.hpp"

namespace rocd::fuzz {
namespace json = boost::json;

namespace {

json::value read(const std::string& text) {
  auto value = parse_json_body(text);
  must(value.has_value(), "what rocd writes it can read");
  return std::move(*value);
}

json::value read(const json::object& object) {
  return read(json_text(object));
}

void check_fields(const std::vector<FieldError>& errors) {
  for (const auto& error : errors) {
    must(!error.reason.empty(), "a wrong field has a reason");
    must(error.path.empty() || error.path.starts_with('/'), "a wrong field has a JSON pointer");
    must(error.path.find("~~") == std::string::npos, "and that pointer is escaped");
  }
}

// As the dispatcher completes it.
StreamSpec completed(StreamSpec spec, const Uid& uid) {
  spec.uid = uid;
  return spec;
}

const EndpointSpec& kitchen() {
  static const EndpointSpec spec{.uid = someone, .name = "kitchen", .system_name = "rocd.kitchen"};
  return spec;
}

StreamSpec configured_stream() {
  StreamSpec spec;
  spec.uid = someone;
  spec.display_name = "Music";
  spec.source = EndpointRef{self, someone};
  spec.destination = ExternalAddress{*MediaUri::parse("rtp+rs8m://10.0.0.2:10001"),
                                     *MediaUri::parse("rs8m://10.0.0.2:10002"), std::nullopt};
  return spec;
}

const ValidationContext& rules() {
  static const ValidationContext context{
      .self = self,
      .find_endpoint = [](const Uid& uid) { return uid == someone ? &kitchen() : nullptr; },
      .each_stream =
          [](const std::function<void(const StreamSpec&)>& visit) { visit(configured_stream()); },
      .allow_extra_args = true};
  return context;
}

void check_stream(const json::value& body) {
  const DecodeContext post{.self = self, .path_uid = {}};
  const DecodeContext put{.self = self, .path_uid = someone};
  for (const auto& context : {post, put}) {
    const auto decoded = read_stream(body, context);
    check_fields(decoded.errors);
    check_fields(all_mistakes(decoded.errors, validate(decoded.spec, rules())));
    if (!decoded.errors.empty()) continue;
    const auto spec = completed(decoded.spec, someone);
    const auto shown = decode_stream(read(to_json(Stream{spec, {}})), put);
    must(shown && *shown == spec, "a stream that is shown and sent again is the same");
    const auto stored = decode_stream(read(writable_json(spec)), put);
    must(stored && *stored == spec, "a stream that is stored is the same");
    const auto file = configured_stream();
    must(with_overrides(file, difference(file, spec)).enabled == spec.enabled,
         "an override is what was wanted");
  }
}

void check_endpoint(const json::value& body) {
  const DecodeContext post{.self = self, .path_uid = {}};
  const DecodeContext put{.self = self, .path_uid = someone};
  DecodeContext system = put;
  system.endpoint_type = EndpointType::system_device;
  for (const auto& context : {post, put, system}) {
    const auto decoded = decode_endpoint(body, context);
    if (!decoded) {
      check_fields(decoded.error().fields);
      continue;
    }
    auto spec = *decoded;
    must(spec.volume >= 0, "a volume is a number, and not negative");
    must(validate(spec).empty(), "an endpoint that is accepted keeps the rules");
    spec.uid = someone;
    const auto back = context.path_uid.empty() ? put : context;
    const auto shown = decode_endpoint(read(to_json(Endpoint{spec, {}}, self)), back);
    must(shown && *shown == spec, "an endpoint that is shown and sent again is the same");
    const auto stored = decode_endpoint(read(writable_json(spec)), back);
    must(stored && *stored == spec, "an endpoint that is stored is the same");
    const auto changed = with_overrides(kitchen(), difference(kitchen(), spec));
    must(changed.volume == spec.volume && changed.muted == spec.muted &&
             changed.is_default == spec.is_default,
         "an override is what was wanted");
  }
}

void check_peer(const json::value& body) {
  const auto peer = decode_peer(body, {.self = self, .path_uid = self});
  if (!peer) return check_fields(peer.error().fields);
  if (peer->display_name.empty()) return;  // as the configuration calls it
  const auto shown = decode_peer(read(to_json(*peer)), {.self = self, .path_uid = self});
  must(shown && shown->display_name == peer->display_name,
       "a peer that is shown and sent again is the same");
}

// Nothing that a patch says to remove may be left.
void check_removed(const json::value& result, const json::value& patch) {
  if (!patch.is_object()) return;
  must(result.is_object(), "a patch that is an object makes one");
  for (const auto& item : patch.get_object()) {
    const auto* member = result.get_object().if_contains(item.key());
    must((member == nullptr) == item.value().is_null(), "null removes, all else stays");
    if (member != nullptr) check_removed(*member, item.value());
  }
}

void check_patch(const json::value& patch) {
  const json::value stream = writable_json(configured_stream());
  const json::value endpoint = writable_json(kitchen());
  for (const auto* base : {&stream, &endpoint}) {
    const auto once = merge_patch(*base, patch);
    must(merge_patch(once, patch) == once, "a patch that is applied again changes nothing");
    check_removed(once, patch);
  }
  check_stream(merge_patch(stream, patch));
  check_endpoint(merge_patch(endpoint, patch));
  auto filled = merge_patch(endpoint, patch);
  fill_in_overridable(filled, kitchen());
}

void check(std::string_view text) {
  const auto body = parse_json_body(text);
  if (!body) {
    must(body.error().code == ErrorCode::malformed, "what is not JSON is malformed");
    check_error(body.error());
    check_fields(body.error().fields);
    return;
  }
  const auto written = json_text(*body);
  must(is_utf8(written) && written.find('\n') == std::string::npos, "JSON is one line of UTF-8");
  must(read(written) == *body, "JSON that is written is read as the same");
  check_stream(*body);
  check_endpoint(*body);
  check_peer(*body);
  check_patch(*body);
}

}  // namespace
}  // namespace rocd::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rocd::fuzz::check(rocd::fuzz::text_of(data, size));
  return 0;
}
