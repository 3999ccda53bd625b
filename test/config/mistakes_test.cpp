// Wrong files, and exactly what is said about each.
#include <catch2/catch_test_macros.hpp>

#include "config/mistakes.hpp"
#include "config_support.hpp"

using namespace rocd;
using namespace rocd::test;
using Lines = std::vector<std::string>;

namespace {

struct Wrong {
  const char* what;
  std::string text;
  Lines expected;  // without "rocd.yaml:"
};

void check(const std::vector<Wrong>& table) {
  for (const auto& wrong : table) {
    INFO(wrong.what);
    Lines expected;
    for (const auto& line : wrong.expected) expected.push_back("rocd.yaml:" + line);
    CHECK(lines(parse(wrong.text).errors) == expected);
  }
}

// Two endpoints and the start of a list of streams, which begins in line 5.
std::string streams(const std::string& entries) {
  return "endpoints:\n"
         "  - { name: speaker, direction: output }\n"
         "  - { name: mic, direction: input }\n"
         "streams:\n" +
         entries;
}

}  // namespace

TEST_CASE("what is not YAML is told with its place") {
  check({
      {"a tab",
       "http:\n\tlisten: 127.0.0.1:1\n",
       {"2:1: a tab in the indentation, expected spaces"}},
      {"a tab after spaces",
       "http:\n  listen: 127.0.0.1:1\n  \tunix_socket: off\n",
       {"3:3: a tab in the indentation, expected spaces"}},
      {"a list that is not closed", "endpoints: [", {"1:13: '[' is not closed, expected ']'"}},
      {"a quote that is not closed",
       "# c\nname: \"studio\nhttp: {}\n",
       {"2:7: a quote is not closed"}},
      {"a colon too many",
       "name: a: b\n",
       {"1:8: ':' cannot stand here: wrong indentation, or text that needs quotes"}},
      {"an IPv6 address without quotes",
       "http:\n  listen: [::1]:4040\n",
       {"2:16: expected another KEY: VALUE: wrong indentation, or text that needs quotes"}},
      {"an alias of nothing",
       "name: *x\n",
       {"1:7: '*' names an anchor that no '&' defines before it"}},
      {"a reserved character",
       "name: @x\n",
       {"1:7: this character cannot begin text, expected quotes around it"}},
      {"Latin-1", "name: caf\xe9\n", {"1:10: the byte 0xe9 is not UTF-8, expected UTF-8 text"}},
      {"an overlong sequence",
       "\n  \xc0\x80",
       {"2:3: the byte 0xc0 is not UTF-8, expected UTF-8 text"}},
      {"a control character",
       "name: a\x04\nnme: b\n",
       {"1:8: there is a control character (0x04), expected UTF-8 text"}},
      {"two documents",
       "name: a\n---\nname: b\n",
       {"3:1: a second document, expected one ('---' only once)"}},
      // yaml-cpp makes empty documents of these without end.
      {"a comma first", ",\n", {"1:1: ',' cannot stand here, expected KEY: VALUE"}},
      {"a comma last", "''\n,", {"2:1: ',' cannot stand here, expected KEY: VALUE"}},
      {"too deep", std::string(5000, '['), {"1:5001: nested too deeply"}},
  });
}

TEST_CASE("what has the wrong shape is told with its place and the right shape") {
  check({
      {"text", "hello\n", {"1:1: the file is text, expected a mapping (KEY: VALUE)"}},
      {"a list", "- a\n", {"1:1: the file is a list, expected a mapping (KEY: VALUE)"}},
      {"a section that is text",
       "ports: 10000-10999\n",
       {"1:8: 'ports' is text, expected a mapping (KEY: VALUE)"}},
      {"a list that is a mapping",
       "endpoints: { name: x }\n",
       {"1:12: 'endpoints' is a mapping, expected a list"}},
      {"entries that are no mappings",
       "streams:\n  - x\n  -\n",
       {"2:3: entry 2 of 'streams' is empty, expected a mapping (KEY: VALUE)",
        "2:5: entry 1 of 'streams' is text, expected a mapping (KEY: VALUE)"}},
      {"a key twice",
       "name: a\nhttp: {}\nname: b\n",
       {"3:1: 'name' stands here twice, first in line 1"}},
      {"a key twice in a section",
       "log: { level: info,\n       level: warn }\n",
       {"2:8: 'level' stands here twice, first in line 1"}},
      {"a key that is a list", "? [a]\n: 1\n", {"1:3: a key is a list, expected a word"}},
      {"a tag", "name: !x y\n", {"1:7: 'name' has the tag '!x', expected a value without tag"}},
      {"nothing", "name:\nhttp: {}\n", {"1:1: 'name' is empty, expected text"}},
      {"empty quotes", "name: ''\n", {"1:7: 'name' is empty, expected text"}},
      {"a mapping for text", "name: {a: b}\n", {"1:7: 'name' is a mapping, expected text"}},
      {"an escape for what is no text",
       "name: \"a\\0b\"\n",
       {"1:7: 'name': there is a control character (0x00), expected text in one line"}},
      {"an unknown key like a known one",
       "http:\n  lisen: 127.0.0.1:1\n",
       {"2:3: unknown key 'lisen', did you mean 'listen'?"}},
      {"an unknown key like none",
       "ports: { first: 1 }\n",
       {"1:10: unknown key 'first', expected range"}},
      {"a merge key", "log: { <<: {} }\n", {"1:8: unknown key '<<', expected level or format"}},
  });
}

TEST_CASE("wrong settings are told with their place and what is allowed") {
  check({
      {"an open address",
       "http: { listen: 0.0.0.0:4040 }\n",
       {"1:17: 'listen': '0.0.0.0' is not a loopback address, and there are no access tokens: "
        "anybody on the network could command the daemon; make a token with 'rocctl token new' and "
        "put it under http.tokens, or listen on 127.0.0.1 or [::1]"}},
      {"no port",
       "http: { listen: localhost }\n",
       {"1:17: 'listen': 'localhost' is not a listen address, expected HOST:PORT such as "
        "'127.0.0.1:4040' or '[::1]:0'"}},
      {"a relative socket",
       "http: { unix_socket: rocd.sock }\n",
       {"1:22: 'unix_socket': 'rocd.sock' is not known, expected auto, off or an absolute path"}},
      {"a socket too long for the system",
       "http: { unix_socket: /" + std::string(120, 'x') + " }\n",
       {"1:22: 'unix_socket': the path has 121 bytes, expected at most 107 (the system's limit)"}},
      {"peers",
       "peers: { listen: \"tcp://*:4041\" }\n",
       {"1:8: 'peers': this version of rocd knows no other peers, expected nothing"}},
      {"another driver",
       "audio: { driver: jack }\n",
       {"1:18: 'driver': 'jack' is not known, expected pipewire"}},
      {"a word for a truth",
       "tools: { allow_extra_args: yes }\n",
       {"1:28: 'allow_extra_args': 'yes' is not known, expected true or false"}},
      {"a truth in quotes",
       "tools: { allow_extra_args: \"true\" }\n",
       {"1:28: 'allow_extra_args' is text in quotes, expected true or false"}},
      {"tools by relative paths",
       "tools: { roc_send: bin/roc-send,\n  roc_recv: ./x }\n",
       {"1:20: 'roc_send': 'bin/roc-send' is a relative path, expected a name found in PATH, or "
        "an absolute path",
        "2:13: 'roc_recv': './x' is a relative path, expected a name found in PATH, or an "
        "absolute path"}},
      {"one port",
       "ports: { range: 10000 }\n",
       {"1:17: 'range': '10000' is not a range of ports, expected FIRST-LAST such as "
        "'10000-10999'"}},
      {"a port that is none",
       "ports: { range: 10000-65536 }\n",
       {"1:17: 'range': '10000-65536' is not a range of ports, expected FIRST-LAST such as "
        "'10000-10999'"}},
      {"a range backwards",
       "ports: { range: 20-10 }\n",
       {"1:17: 'range': '20-10' ends before it begins, expected '10-20'"}},
      {"a relative directory",
       "state: { dir: ~/rocd }\n",
       {"1:15: 'dir': '~/rocd' is not an absolute path, expected one, or auto"}},
      {"a level and a format",
       "log: { level: warning, format: jsn }\n",
       {"1:15: 'level': 'warning' is not known, expected trace, debug, info, warn or error",
        "1:32: 'format': 'jsn' is not known, expected text or json, did you mean 'json'?"}},
      {"a long name",
       "name: " + std::string(129, 'n') + "\n",
       {"1:7: 'name': it has 129 bytes, expected at most 128"}},
  });
}

TEST_CASE("wrong endpoints are told with their place and what is allowed") {
  check({
      {"nothing in it",
       "endpoints:\n  - {}\n",
       {"2:5: 'name' is missing, expected the key of this endpoint",
        "2:5: 'direction' is missing, expected output (applications play to it) or input (they "
        "record from it)"}},
      {"a name that cannot be a key",
       "endpoints:\n  - { name: Kitchen, direction: output }\n",
       {"2:13: 'Kitchen' is not a name, expected 1 to 63 of a-z, 0-9, '_' and '-', beginning with "
        "a letter or digit"}},
      {"a name twice",
       "endpoints:\n  - { name: a, direction: input }\n  - { name: a, direction: input }\n",
       {"3:13: the name 'a' is already that of the endpoint in line 2"}},
      {"values out of range, all at once",
       "endpoints:\n"
       "  - name: a\n"
       "    direction: outptu\n"
       "    channels: 9\n"
       "    sample_rate: 48kHz\n"
       "    volume: -1\n"
       "    muted: no\n"
       "    default: 1\n"
       "    chanels: 2\n",
       {"3:16: 'direction' is 'outptu', expected output or input, did you mean 'output'?",
        "4:15: 'channels' is '9', expected a whole number from 1 to 8",
        "5:18: 'sample_rate' is '48kHz', expected a whole number from 8000 to 192000",
        "6:13: 'volume' is '-1', expected a number from 0 to 4",
        "7:12: 'muted' is 'no', expected true or false",
        "8:14: 'default' is '1', expected true or false",
        "9:5: unknown key 'chanels', did you mean 'channels'?"}},
      {"a number in quotes",
       "endpoints: [{ name: a, direction: input, channels: \"2\" }]\n",
       {"1:52: 'channels' is text in quotes, expected a whole number from 1 to 8"}},
      {"not a number",
       "endpoints: [{ name: a, direction: input, volume: nan }]\n",
       {"1:50: 'volume' is 'nan', expected a number from 0 to 4"}},
  });
}

TEST_CASE("wrong streams are told with their place and what is allowed") {
  check({
      {"nothing in it",
       "streams: [{}]\n",
       {"1:11: 'name' is missing, expected the key of this stream",
        "1:11: 'source' is missing, expected the name of an endpoint, 'system:NODE_NAME', or a "
        "mapping with media, repair, control",
        "1:11: 'destination' is missing, expected the name of an endpoint, 'system:NODE_NAME', or "
        "a mapping with media, repair, control"}},
      {"an endpoint that is not there",
       streams("  - { name: s, source: speakr, destination: kitchen }\n"),
       {"5:24: there is no endpoint 'speakr', did you mean 'speaker'?",
        "5:45: there is no endpoint 'kitchen', expected a name of 'endpoints' or "
        "'system:NODE_NAME'"}},
      {"an address where a name belongs",
       streams("  - { name: s, source: speaker, destination: \"rtp://h:1\" }\n"),
       {"5:46: there is no endpoint 'rtp://h:1', expected {media: 'rtp://h:1'} for an address"}},
      {"an unknown key like none",
       streams("  - { name: s, source: speaker, destination: mic, colour: red }\n"),
       {"5:51: unknown key 'colour', expected name, display_name, enabled, source, destination, "
        "profile, target_latency, io_latency, packet_length, fec, resampler_profile, restart, "
        "on_idle, idle_after or extra_args"}},
      {"a system device without name",
       streams("  - { name: s, source: \"system:\", destination: mic }\n"),
       {"5:24: 'system:' names no device, expected 'system:NODE_NAME'"}},
      {"a wrong address",
       streams("  - name: s\n    source: speaker\n    destination: { media: \"http://h:1\", "
               "port: 5 }\n"),
       {"7:27: 'media': unknown scheme 'http', expected rtp, rtp+rs8m or rtp+ldpc",
        "7:41: unknown key 'port', expected media, repair or control"}},
      {"wrong settings, all at once",
       streams("  - name: s\n"
               "    source: speaker\n"
               "    destination: mic\n"
               "    profile: robst\n"
               "    target_latency: 200\n"
               "    fec: rs8\n"
               "    resampler_profile: best\n"
               "    restart: on-failure\n"
               "    extra_args: --x\n"
               "    enabled: on\n"),
       {"8:14: 'profile' is 'robst', expected low, balanced or robust, did you mean 'robust'?",
        "9:21: 'target_latency': '200' is not a duration, expected a number and a unit such as "
        "'200ms' or '1.5s', or 'auto'",
        "10:10: 'fec' is 'rs8', expected auto, none, rs8m or ldpc, did you mean 'rs8m'?",
        "11:24: 'resampler_profile' is 'best', expected low, medium or high",
        "12:14: 'restart' is 'on-failure', expected always, on_failure or never, did you mean "
        "'on_failure'?",
        "13:17: 'extra_args' is text, expected a list",
        "14:14: 'enabled' is 'on', expected true or false"}},
      {"an endpoint with a mistake, which its stream does not repeat",
       "endpoints:\n"
       "  - { name: speaker, direction: output, channels: 99 }\n"
       "streams:\n"
       "  - { name: s, source: speaker, destination: { media: \"rtp://h:1\" }, on_idle: pause }\n",
       {"2:51: 'channels' is '99', expected a whole number from 1 to 8"}},
      {"a name twice",
       streams("  - { name: s, source: speaker, destination: mic }\n"
               "  - { name: s, source: system:x, destination: mic }\n"),
       {"6:13: the name 's' is already that of the stream in line 5"}},
  });
}

TEST_CASE("the rules for every stream hold for those of the file, in the file's words") {
  check({
      {"no repair address",
       streams("  - { name: s, source: speaker, destination: { media: \"rtp+rs8m://h:1\" } }\n"),
       {"5:46: 'repair': missing: 'rtp+rs8m' needs a repair address with scheme 'rs8m'"}},
      {"an address in the wrong place",
       streams("  - { name: s, source: speaker, destination: { media: \"rtp://h:1\",\n"
               "      control: \"rs8m://h:2\" } }\n"),
       {"6:16: 'control': scheme 'rs8m' does not belong here, expected rtcp"}},
      {"fec against the address, latencies upside down, an argument of rocd's own",
       streams("  - name: s\n"
               "    source: speaker\n"
               "    destination: { media: \"rtp://h:1\" }\n"
               "    target_latency: 100ms\n"
               "    io_latency: 100ms\n"
               "    fec: ldpc\n"
               "    extra_args: [--color=never]\n"),
       {"9:17: 'io_latency': 100ms must be below target_latency, which is 100ms",
        "10:10: 'fec': 'ldpc' contradicts the media address, which says 'none'",
        "11:18: 'extra_args': '--color=never' is set by rocd itself"}},
      {"a port twice in one stream",
       streams("  - name: s\n"
               "    source: { media: \"rtp://0.0.0.0:5\", control: \"rtcp://0.0.0.0:5\" }\n"
               "    destination: mic\n"),
       {"6:50: 'control': port 5 is already that of 'media'"}},
      {"a port in two streams, said once and with the line of the other",
       streams("  - { name: s, source: { media: \"rtp://0.0.0.0:5\" }, destination: mic }\n"
               "  - { name: t, source: { media: \"rtp://0.0.0.0:5\" }, destination: mic }\n"),
       {"6:33: 'media': port 5 is already used by stream 's' (rocd.yaml:5:5)"}},
      {"two addresses",
       streams("  - { name: s, source: { media: \"rtp://0.0.0.0:5\" },\n"
               "      destination: { media: \"rtp://h:5\" } }\n"),
       {"6:20: 'destination': source and destination are both external: one of them must be an "
        "endpoint"}},
      {"a device to itself",
       streams("  - { name: s, source: system:x, destination: system:x }\n"),
       {"5:47: 'destination': source and destination are the same endpoint"}},
  });
}

TEST_CASE(
    "a stream that is wrong in several ways is told all of them at once, without what follows") {
  check({
      {"a source that is not there, no repair address, a bad latency and a bad one beside it",
       streams("  - name: s\n"
               "    source: speakr\n"
               "    destination: { media: \"rtp+rs8m://h:1\" }\n"
               "    target_latency: 200\n"
               "    io_latency: 1h\n"
               "    packet_length: 10s\n"
               "    extra_args: [--color=never]\n"),
       {"6:13: there is no endpoint 'speakr', did you mean 'speaker'?",
        "7:18: 'repair': missing: 'rtp+rs8m' needs a repair address with scheme 'rs8m'",
        "8:21: 'target_latency': '200' is not a duration, expected a number and a unit such as "
        "'200ms' or '1.5s', or 'auto'",
        "9:17: 'io_latency': 3600s is out of range, expected 1ms to 60s",
        "10:20: 'packet_length': 10s is out of range, expected 1ms to 60ms",
        "11:18: 'extra_args': '--color=never' is set by rocd itself"}},
      {"a mistyped repair address is not missing, too",
       streams("  - name: s\n"
               "    source: speaker\n"
               "    destination: { media: \"rtp+rs8m://h:1\", repiar: \"rs8m://h:2\" }\n"
               "    fec: ldpc\n"),
       {"7:45: unknown key 'repiar', did you mean 'repair'?",
        "8:10: 'fec': 'ldpc' contradicts the media address, which says 'rs8m'"}},
      {"no source, and a destination that cannot be one",
       streams("  - { name: s, destination: speaker }\n"),
       {"5:5: 'source' is missing, expected the name of an endpoint, 'system:NODE_NAME', or a "
        "mapping with media, repair, control",
        "5:29: 'destination': 'speaker' is a virtual output: applications play into it, so it can "
        "be a source of streams, not a destination"}},
      {"a port that a stream with another mistake has",
       streams("  - { name: s, source: { media: \"rtp://0.0.0.0:5\" }, destination: mic, fec: x }\n"
               "  - { name: t, source: { media: \"rtp://0.0.0.0:5\" }, destination: mic }\n"),
       {"5:77: 'fec' is 'x', expected auto, none, rs8m or ldpc",
        "6:33: 'media': port 5 is already used by stream 's' (rocd.yaml:5:5)"}},
  });
}

TEST_CASE("a virtual device on the wrong side of a stream is refused at its name") {
  const auto errors = parse(streams("  - { name: s, source: mic, destination: speaker }\n")).errors;
  REQUIRE(errors.size() == 2);
  CHECK(errors[0].location == "rocd.yaml:5:24");
  CHECK(errors[0].reason.starts_with("'source': 'mic' is a virtual input"));
  CHECK(errors[1].location == "rocd.yaml:5:42");
  CHECK(errors[1].reason.starts_with("'destination': 'speaker' is a virtual output"));
}

TEST_CASE("an endpoint with a mistake causes no complaints about the streams that use it") {
  CHECK(lines(parse("endpoints: [{ name: a, direction: inptu }]\n"
                    "streams: [{ name: s, source: system:x, destination: a }]\n")
                  .errors) ==
        Lines{"rocd.yaml:1:35: 'direction' is 'inptu', expected output or input, did you mean "
              "'input'?"});
}

TEST_CASE("an endpoint whose name is wrong is there nevertheless for the streams that use it") {
  CHECK(lines(parse("endpoints: [{ name: A, direction: input }]\n"
                    "streams: [{ name: s, source: system:x, destination: A }]\n")
                  .errors) == Lines{"rocd.yaml:1:21: 'A' is not a name, expected 1 to 63 of a-z, "
                                    "0-9, '_' and '-', beginning with a letter or digit"});
}

TEST_CASE("mistakes of all kinds come in the order of the file") {
  CHECK(lines(parse("streams:\n"
                    "  - { name: s, source: a, destination: { media: \"rtp://h:1\" } }\n"
                    "endpoints:\n"
                    "  - { name: A, direction: input }\n"
                    "log: { level: loud }\n"
                    "nme: x\n")
                  .errors) ==
        Lines{"rocd.yaml:2:24: there is no endpoint 'a', expected a name of 'endpoints' or "
              "'system:NODE_NAME'",
              "rocd.yaml:4:13: 'A' is not a name, expected 1 to 63 of a-z, 0-9, '_' and '-', "
              "beginning with a letter or digit",
              "rocd.yaml:5:15: 'level': 'loud' is not known, expected trace, debug, info, warn or "
              "error",
              "rocd.yaml:6:1: unknown key 'nme', did you mean 'name'?"});
}

TEST_CASE("small files that say much are bounded") {
  std::string many = "endpoints: [&a { name: x, direction: output }";
  for (int i = 0; i < 1000; ++i) many += ", *a";
  CHECK(lines(parse(many + "]").errors) ==
        Lines{"rocd.yaml:1:12: 'endpoints' has 1001 entries, expected at most 1000"});
  std::string keys;
  for (int i = 0; i < 65; ++i) keys += "k" + std::to_string(i) + ": 1\n";
  CHECK(lines(parse(keys).errors) ==
        Lines{"rocd.yaml:1:1: the file has 65 keys, expected at most 64"});
  CHECK(lines(parse("endpoints: &e [*e]\n").errors) ==
        Lines{"rocd.yaml:1:12: entry 1 of 'endpoints' is a list, expected a mapping (KEY: VALUE)"});
}

TEST_CASE("a known word is suggested only if it is close") {
  const std::vector<std::string> known{"listen", "unix_socket", "to"};
  CHECK(did_you_mean("lsiten", known) == ", did you mean 'listen'?");
  CHECK(did_you_mean("unixsocket", known) == ", did you mean 'unix_socket'?");
  CHECK(did_you_mean("ot", known) == ", did you mean 'to'?");
  CHECK(did_you_mean("lesion", known, "!") == "!");
  CHECK(did_you_mean("x", {}, "!") == "!");
  CHECK(did_you_mean(std::string(100'000, 'x'), known, "!") == "!");
}
