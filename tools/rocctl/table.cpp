#include "rocctl/table.hpp"

#include <algorithm>
#include <optional>

#include "rocctl/text.hpp"

namespace rocctl {
namespace {

constexpr std::size_t gap = 2;  // between columns
// A value in less room than this is no longer readable: the terminal may break the line.
constexpr std::size_t least_wrap = 20;

using Widths = std::vector<std::optional<std::size_t>>;  // nullopt: the column is left out

std::size_t total(const Widths& widths) {
  std::size_t sum = 0, count = 0;
  for (const auto& width : widths) {
    if (!width) continue;
    sum += *width;
    ++count;
  }
  return sum + gap * (count > 0 ? count - 1 : 0);
}

// Indexes of columns, the least important first; of equals the rightmost.
std::vector<std::size_t> by_importance(const std::vector<Column>& columns) {
  std::vector<std::size_t> order(columns.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = order.size() - 1 - i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return columns[a].importance < columns[b].importance;
  });
  return order;
}

Widths fit(const std::vector<Column>& columns, const Widths& natural, std::size_t width) {
  if (width == 0) return natural;
  const auto order = by_importance(columns);
  auto kept = natural;
  for (std::size_t dropped = 0;; ++dropped) {
    auto widths = kept;
    for (const auto i : order) {
      const auto all = total(widths);
      if (all <= width) return widths;
      if (!widths[i] || columns[i].narrowest == 0 || *widths[i] <= columns[i].narrowest) continue;
      *widths[i] -= std::min(all - width, *widths[i] - columns[i].narrowest);
    }
    if (total(widths) <= width || dropped + 1 >= order.size()) return widths;
    kept[order[dropped]].reset();
  }
}

std::string line_of(const Row& row, const std::vector<Column>& columns, const Widths& widths,
                    const Style& style) {
  std::string line;
  std::size_t pending = 0;  // spaces, not written at the end of a line
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (!widths[i]) continue;
    const auto text = elide(row[i].text, *widths[i]);
    const auto padding = *widths[i] - display_width(text);
    if (columns[i].to_right) pending += padding;
    if (!text.empty()) {
      line.append(pending, ' ');
      line += paint(text, row[i].tone, style);
      pending = 0;
    }
    if (!columns[i].to_right) pending += padding;
    pending += gap;
  }
  return line + "\n";
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

std::string table(const std::vector<Column>& columns, const std::vector<Row>& rows,
                  const Style& style) {
  std::vector<Row> all(1);
  for (const auto& column : columns) all[0].emplace_back(column.head, Tone::faint);
  all.insert(all.end(), rows.begin(), rows.end());
  Widths natural(columns.size(), 0);
  for (auto& row : all) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i].text = flat(row[i].text);
      natural[i] = std::max(*natural[i], display_width(row[i].text));
    }
  }
  const auto widths = fit(columns, natural, style.width);
  std::string out;
  for (const auto& row : all) out += line_of(row, columns, widths, style);
  return out;
}

std::string pairs(const std::vector<Row>& rows, const Style& style) {
  std::vector<std::size_t> widths;  // of all cells but the last of each row
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
      widths[i] = std::max(widths[i], display_width(flat(row[i].text)));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    std::size_t indent = 0;
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      const auto text = flat(row[i].text);
      line +=
          paint(text, row[i].tone, style) + std::string(widths[i] - display_width(text) + gap, ' ');
      indent += widths[i] + gap;
    }
    const auto& last = row.back();
    const bool wraps = style.width >= indent + least_wrap;
    const char* separator = "";
    for (const auto& part :
         wrap(flat(last.text), wraps ? style.width - indent : std::string::npos)) {
      while (part.empty() && line.ends_with(' ')) line.pop_back();
      out += separator + line + paint(part, last.tone, style);
      line.assign(indent, ' ');
      separator = "\n";
    }
    out += "\n";
  }
  return out;
}

}  // namespace rocctl
