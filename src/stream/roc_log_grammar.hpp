// Reads one line that roc-send or roc-recv 0.4 wrote with `-vv --color=never`. (pure, stateless)
// Decides what a line says, not what follows from it. Lines of other versions, garbage and cut
// lines say nothing; it never throws. Examples of every fact: test/stream/roc_log_grammar_test.cpp.
#pragma once

#include <optional>
#include <string_view>

#include "stream/stream_engine.hpp"

namespace rocd {

[[nodiscard]] std::optional<EngineFact> parse_roc_log_line(std::string_view line);

}  // namespace rocd
