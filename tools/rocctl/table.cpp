#include "rocctl/table.hpp"

#include <algorithm>

#include "rocctl/json_access.hpp"

namespace rocctl {
namespace {

// Code points; wide characters count as one, which is near enough for names of devices.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// One line, whatever the daemon says.
std::string flat(std::string_view text) {
  auto out = printable(text);
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

std::string lines(const std::vector<Row>& rows, const std::vector<bool>& right,
                  const Style& style) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width(row[i].text));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    std::size_t pending = 0;  // spaces, not written at the end of a line
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto padding = widths[i] - width(row[i].text);
      const bool to_right = i < right.size() && right[i];
      if (to_right) pending += padding;
      if (!row[i].text.empty()) {
        line.append(pending, ' ');
        line += paint(row[i].text, row[i].tone, style);
        pending = 0;
      } else {
        pending += width(row[i].text);
      }
      if (!to_right) pending += padding;
      pending += 2;
    }
    out += line + "\n";
  }
  return out;
}

}  // namespace

std::string paint(std::string_view text, Tone tone, const Style& style) {
  if (!style.colour || tone == Tone::plain) return std::string(text);
  const char* code = tone == Tone::good       ? "\033[32m"
                     : tone == Tone::doubtful ? "\033[33m"
                     : tone == Tone::bad      ? "\033[31m"
                                              : "\033[2m";
  return code + std::string(text) + "\033[0m";
}

std::string table(const std::vector<Row>& rows, const Style& style) {
  auto copy = rows;
  std::vector<bool> right;
  for (std::size_t r = 0; r < copy.size(); ++r) {
    for (auto& cell : copy[r]) {
      cell.text = flat(cell.text);
      if (r > 0) continue;
      right.push_back(cell.text.starts_with('>'));
      if (right.back()) cell.text.erase(0, 1);
      cell.tone = Tone::faint;
    }
  }
  return lines(copy, right, style);
}

std::string pairs(const std::vector<Row>& rows, const Style& style) {
  auto copy = rows;
  for (auto& row : copy)
    for (auto& cell : row) cell.text = flat(cell.text);
  return lines(copy, {}, style);
}

}  // namespace rocctl
