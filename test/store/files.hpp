// Reading files whole.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace rocd::test {

inline std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace rocd::test
