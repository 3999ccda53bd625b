// `config check`, by the rocd that is built beside rocctl.
#include "rocctl/config_check.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

#include "rocctl/program_run.hpp"

namespace rocctl::test {
namespace json = boost::json;

TEST_CASE("the place of a mistake is read from its line") {
  const auto mistake =
      parse_mistake("/etc/rocd.yaml:3:11: unknown key 'nam': did you mean 'name'?");
  REQUIRE(mistake);
  CHECK(mistake->file == "/etc/rocd.yaml");
  CHECK(mistake->line == 3);
  CHECK(mistake->column == 11);
  CHECK(mistake->reason == "unknown key 'nam': did you mean 'name'?");
  CHECK(parse_mistake("a: b:1:2: wrong")->file == "a: b");
  for (const char* line : {"", "rocd.yaml: cannot open", "rocd.yaml:3: wrong", "x:0:1: wrong",
                           "x:1:2 wrong", "x:1:2a: wrong"})
    CHECK(!parse_mistake(line));
}

TEST_CASE("a configuration is right (0), has mistakes (1), or cannot be read (1)") {
  const TempDirectory directory;
  const auto file = (directory.path() / "rocd.yaml").string();
  std::ofstream(file) << "name: studio\nendpoints:\n  - { name: kitchen, direction: output }\n";
  auto run = rocctl({"config", "check", file});
  CHECK(run.exit == 0);
  CHECK(run.out == file + ": 1 endpoint, 0 streams, no mistakes\n");
  CHECK(run.err.empty());
  run = rocctl({"config", "check", file, "-o", "json"});
  CHECK(json::parse(run.out).at("ok") == true);

  std::ofstream(file) << "nam: studio\nstreams: 3\n";
  run = rocctl({"config", "check", file});
  CHECK(run.exit == 1);
  CHECK(run.out.starts_with(file + ":1:1: unknown key 'nam'"));
  CHECK(run.out.find(file + ":2:10: ") != std::string::npos);
  run = rocctl({"config", "check", file, "-o", "json"});
  CHECK(run.exit == 1);
  const auto answer = json::parse(run.out);
  CHECK(answer.at("ok") == false);
  REQUIRE(answer.at("mistakes").as_array().size() == 2);
  CHECK(answer.at("mistakes").at(1).at("line") == 2);
  CHECK(answer.at("mistakes").at(1).at("column") == 10);
  CHECK(rocctl({"config", "check", file, "-o", "name"}).out == file + ":1:1\n" + file + ":2:10\n");

  run = rocctl({"config", "check", file + ".not"});
  CHECK(run.exit == 1);
  CHECK(run.out.find("No such file") != std::string::npos);
}

TEST_CASE("without a file it is the one that rocd would read") {
  const TempDirectory directory;
  std::filesystem::create_directory(directory.path() / "rocd");
  std::ofstream(directory.path() / "rocd/rocd.yaml") << "log: loud\n";
  const auto run = rocctl({"config", "check"}, {"XDG_CONFIG_HOME=" + directory.path().string()});
  CHECK(run.exit == 1);
  CHECK(run.out.find("rocd/rocd.yaml:1:6: ") != std::string::npos);
}

}  // namespace rocctl::test
