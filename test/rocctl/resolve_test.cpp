// Names, beginnings of uids and paths; and what cannot be meant uniquely.
#include "rocctl/resolve.hpp"

#include <catch2/catch_test_macros.hpp>

#include "rocctl/json_access.hpp"
#include "rocctl/samples.hpp"

namespace rocctl::test {
namespace json = boost::json;

namespace {

json::array endpoints() {
  return {endpoint("aaaaaa-aaaaaa-aaaaaa", "Kitchen speakers", "rocd.kitchen"),
          endpoint("aabbbb-bbbbbb-bbbbbb", "Studio microphone", "rocd.mic"),
          endpoint("cccccc-cccccc-cccccc", "Speakers", "alsa_output.pci"),
          endpoint("dddddd-dddddd-dddddd", "Speakers", "alsa_output.usb")};
}

std::string uid_of(std::string_view word) {
  const auto found = resolve(word, endpoints(), "endpoint");
  return found ? text_at(*found, "/endpoint_uid") : "";
}

}  // namespace

TEST_CASE("an endpoint is found by every one of its names") {
  for (const char* word :
       {"aaaaaa-aaaaaa-aaaaaa", "/peers/pppppp-pppppp-pppppp/endpoints/aaaaaa-aaaaaa-aaaaaa",
        "Kitchen speakers", "kitchen SPEAKERS", "rocd.kitchen", "kitchen", "Kitchen", "aaa"})
    CHECK(uid_of(word) == "aaaaaa-aaaaaa-aaaaaa");
  CHECK(uid_of("alsa_output.usb") == "dddddd-dddddd-dddddd");
}

TEST_CASE("a name wins over the beginning of a uid") {
  auto items = endpoints();
  items.push_back(endpoint("eeeeee-eeeeee-eeeeee", "aa", "rocd.aa"));
  const auto found = resolve("aa", items, "endpoint");
  REQUIRE(found.has_value());
  CHECK(text_at(*found, "/endpoint_uid") == "eeeeee-eeeeee-eeeeee");
}

TEST_CASE("what may mean several is an error that lists them") {
  for (const char* word : {"aa", "Speakers", "speakers"}) {
    const auto found = resolve(word, endpoints(), "endpoint");
    REQUIRE(found.has_error());
    CHECK(found.error().exit == Exit::error);
    CHECK(found.error().message == "'" + std::string(word) + "' may mean several endpoints");
    CHECK(found.error().fields.size() == 2);
  }
  const auto prefix = resolve("aa", endpoints(), "endpoint");
  CHECK(prefix.error().fields[0] == rocd::FieldError{"aaaaaa-aaaaaa-aaaaaa", "Kitchen speakers"});
}

TEST_CASE("what is not there is an error with a suggestion") {
  const auto typo = resolve("kitchn", endpoints(), "endpoint");
  REQUIRE(typo.has_error());
  CHECK(typo.error().message == "there is no endpoint 'kitchn'");
  CHECK(typo.error().hint == "did you mean 'kitchen'?");
  const auto strange = resolve("bathroom", endpoints(), "endpoint");
  REQUIRE(strange.has_error());
  CHECK(strange.error().hint.starts_with("there are: 'Kitchen speakers' (aaaaaa-aaaaaa-aaaaaa), "));
  CHECK(resolve("x", {}, "stream").error().hint == "there is none at all");
  CHECK(resolve("", endpoints(), "endpoint").error().exit == Exit::usage);
}

TEST_CASE("the word for an item means this item, and no other") {
  auto items = endpoints();
  for (const auto& [uid, name] : {std::pair{"eeeeee-eeeeee-eeeeee", ""},
                                  {"ffffff-ffffff-ffffff", "--help"},
                                  {"gggggg-gggggg-gggggg", "two\nlines"},
                                  {"hhhhhh-hhhhhh-hhhhhh", "rtp://a:1"},
                                  {"iiiiii-iiiiii-iiiiii", "rocd.kitchen"},
                                  {"jjjjjj-jjjjjj-jjjjjj", "a@b"}})
    items.push_back(endpoint(uid, name, ""));
  std::vector<std::string> words;
  for (const auto& item : items) {
    words.push_back(word_for(item, items, "endpoint"));
    const auto found = resolve(words.back(), items, "endpoint");
    REQUIRE(found.has_value());
    CHECK(text_at(*found, "/endpoint_uid") == text_at(item, "/endpoint_uid"));
  }
  CHECK(words == std::vector<std::string>{"Kitchen speakers", "Studio microphone",
                                          "cccccc-cccccc-cccccc", "dddddd-dddddd-dddddd",
                                          "eeeeee-eeeeee-eeeeee", "ffffff-ffffff-ffffff",
                                          "gggggg-gggggg-gggggg", "hhhhhh-hhhhhh-hhhhhh",
                                          "iiiiii-iiiiii-iiiiii", "a@b"});
}

}  // namespace rocctl::test
