#include "config/yaml_key.hpp"

namespace rocd {

std::string yaml_path(std::string_view pointer) {
  if (pointer.empty()) return {};
  pointer.remove_prefix(1);
  const auto slash = pointer.find('/');
  const auto side = pointer.substr(0, slash);
  if (slash == std::string_view::npos) return std::string(side);
  auto field = pointer.substr(slash + 1);
  if (side == "settings") return std::string(field.substr(0, field.find('/')));
  constexpr std::string_view suffix = "_uri";
  if (field == "endpoint_uri") return std::string(side);
  if (field.ends_with(suffix)) field.remove_suffix(suffix.size());
  return std::string(side) + "." + std::string(field);
}

std::string yaml_key(std::string_view pointer) {
  const auto path = yaml_path(pointer);
  return path.substr(path.rfind('.') + 1);  // all of it if there is none
}

}  // namespace rocd
