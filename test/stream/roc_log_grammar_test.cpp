// Every line here was written by roc-send or roc-recv 0.4.0 (Debian 13) with -vv --color=never.
#include "stream/roc_log_grammar.hpp"

#include <catch2/catch_test_macros.hpp>
#include <random>
#include <string>

namespace rocd {
namespace {

template <class F>
F fact(std::string_view line) {
  const auto parsed = parse_roc_log_line(line);
  INFO(line);
  REQUIRE(parsed);
  REQUIRE(std::holds_alternative<F>(*parsed));
  return std::get<F>(*parsed);
}

bool says_nothing(std::string_view line) {
  return !parse_roc_log_line(line);
}

TEST_CASE("the main loop of either tool is its word that it works") {
  fact<FactMainLoop>("08:12:07.984 [555] [dbg] roc_sndio: [pump.cpp:57] pump: starting main loop");
  CHECK(
      says_nothing("08:07:13.133 [31619] [dbg] roc_sndio: [pump.cpp:109] pump: exiting main loop, "
                   "wrote 0 buffers from main source"));
}

TEST_CASE("devices and files that are opened are facts") {
  fact<FactDeviceOpened>(
      "08:07:11.390 [31582] [inf] roc_sndio: [pulseaudio_device.cpp:583] pulseaudio sink: opening "
      "stream: device=t.feed n_channels=2 sample_rate=48000");
  fact<FactDeviceOpened>(
      "08:07:12.942 [31631] [inf] roc_sndio: [pulseaudio_device.cpp:583] pulseaudio source: "
      "opening "
      "stream: device=t.out.monitor n_channels=2 sample_rate=48000");
  fact<FactDeviceOpened>(
      "08:07:12.989 [31623] [inf] roc_sndio: [wav_sink.cpp:164] wav sink: opened output file: "
      "path=/dev/null out_bits=32 out_rate=44100 out_ch=2");
  fact<FactDeviceOpened>(
      "08:07:12.986 [31624] [inf] roc_sndio: [sndfile_source.cpp:204] sndfile source: opened: "
      "<sspec "
      "rate=44100 fmt=<pcm f32> chset=<surround smpte n_ch=2 ch=FL,FR>>");
}

TEST_CASE("a receiver binds: what was asked, then the real port") {
  const auto asked = fact<FactBinding>(
      "08:07:11.401 [31579] [inf] roc_node: [receiver.cpp:120] receiver node: binding audiosrc "
      "interface of slot 0 to rtp+rs8m://127.0.0.1:0");
  CHECK(asked.interface == Interface::media);
  CHECK(asked.asked == MediaUri{Protocol::rtp_rs8m, "127.0.0.1", 0});
  const auto opened = fact<FactPortOpened>(
      "08:07:11.402 [31580] [dbg] roc_netio: [udp_port.cpp:127] udp port: <udp 0x7FC240000B88 "
      "bind=127.0.0.1:59854>: opened port");
  CHECK(opened.host == "127.0.0.1");
  CHECK(opened.port == 59854);
  CHECK(fact<FactBinding>("08:07:11.404 [31579] [inf] roc_node: [receiver.cpp:120] receiver node: "
                          "binding audiorpr interface of slot 0 to rs8m://127.0.0.1:0")
            .interface == Interface::repair);
  CHECK(fact<FactBinding>("08:07:11.404 [31579] [inf] roc_node: [receiver.cpp:120] receiver node: "
                          "binding audioctl interface of slot 0 to rtcp://127.0.0.1:0")
            .interface == Interface::control);
  CHECK(
      fact<FactPortOpened>("08:12:18.618 [632] [dbg] roc_netio: [udp_port.cpp:127] udp port: <udp "
                           "0x7F19F0000B88 bind=[::1]:21011>: opened port")
          .host == "::1");
}

TEST_CASE("a port that cannot be bound says which one and why") {
  const auto in_use = fact<FactBindFailed>(
      "08:12:08.468 [570] [err] roc_netio: [udp_port.cpp:92] udp port: <udp 0x7F2064000B88 "
      "bind=127.0.0.1:21001>: uv_udp_bind(): [EADDRINUSE] address already in use");
  CHECK(in_use.port == 21001);
  CHECK(in_use.in_use);
  const auto foreign = fact<FactBindFailed>(
      "08:12:08.563 [605] [err] roc_netio: [udp_port.cpp:92] udp port: <udp 0x7F081C000B88 "
      "bind=10.9.8.7:21011>: uv_udp_bind(): [EADDRNOTAVAIL] address not available");
  CHECK(foreign.host == "10.9.8.7");
  CHECK_FALSE(foreign.in_use);
  CHECK(fact<FactError>("08:12:08.468 [569] [err] roc_recv: [main.cpp:448] can't bind --source "
                        "endpoint: rtp+rs8m://127.0.0.1:21001")
            .text == "roc_recv: can't bind --source endpoint: rtp+rs8m://127.0.0.1:21001");
}

TEST_CASE("sessions come and go") {
  CHECK(fact<FactSessionUp>("08:07:13.008 [31623] [inf] roc_pipeline: "
                            "[receiver_session_group.cpp:374] session group: creating session: "
                            "src_addr=127.0.0.1:46654 dst_addr=127.0.0.1:21021")
            .from == "127.0.0.1:46654");
  fact<FactSessionDown>(
      "08:07:27.448 [31623] [inf] roc_pipeline: [receiver_session_group.cpp:416] session group: "
      "removing session");
}

TEST_CASE("a sender with RTCP learns whether a receiver reports") {
  CHECK(
      fact<FactReceiver>("08:15:37.132 [2096] [inf] roc_audio: [feedback_monitor.cpp:80] feedback "
                         "monitor: got first report from receiver: source=1869015695")
          .heard);
  CHECK_FALSE(fact<FactReceiver>("08:15:49.842 [2096] [inf] roc_audio: [feedback_monitor.cpp:167] "
                                 "feedback monitor: no reports from receiver during timeout: "
                                 "source=1869015695 timeout=1500.000ms")
                  .heard);
  CHECK(
      says_nothing("08:15:37.022 [2096] [dbg] roc_audio: [feedback_monitor.cpp:66] feedback "
                   "monitor: start gathering feedback"));
}

TEST_CASE("latencies are read in milliseconds, and an unknown one is not zero") {
  const auto all = fact<FactLatency>(
      "08:12:12.580 [552] [dbg] roc_audio: [latency_tuner.cpp:419] latency tuner: "
      "e2e_latency=15528(323.500ms) niq_latency=8270(172.292ms) target_latency=9600(200.000ms) "
      "jitter=0(0.000ms) stale=162(3.375ms) fe=0.999922 eff_fe=0.999922");
  CHECK(all.e2e_ms == 323.5);
  CHECK(all.network_ms == 172.292);
  CHECK(all.target_ms == 200.0);
  CHECK_FALSE(all.jitter_ms);
  const auto without_rtcp = fact<FactLatency>(
      "08:07:17.998 [31623] [dbg] roc_audio: [latency_tuner.cpp:419] latency tuner: "
      "e2e_latency=0(0.000ms) niq_latency=8438(191.338ms) target_latency=8820(200.000ms) "
      "jitter=0(0.000ms) stale=131(2.971ms) fe=0.999996 eff_fe=0.999996");
  CHECK_FALSE(without_rtcp.e2e_ms);
  CHECK(without_rtcp.network_ms == 191.338);
  CHECK(says_nothing(
      "08:07:12.983 [31619] [dbg] roc_audio: [latency_tuner.cpp:167] latency tuner: initializing: "
      "target_latency=0(0.000ms) latency_tolerance=0(0.000ms) stale_tolerance=0(0.000ms)"));
  CHECK(fact<FactIoLatency>("08:07:21.408 [31579] [dbg] roc_sndio: [pulseaudio_device.cpp:873] "
                            "pulseaudio sink: io_latency=2783(57.979ms)")
            .ms == 57.979);
  fact<FactProgress>(
      "09:08:36.702 [1] [dbg] roc_sndio: [pulseaudio_device.cpp:873] pulseaudio "
      "source: io_latency=-1443(-30.062ms)");
}

TEST_CASE("a latency that cannot be, because a wall clock has jumped, is not known") {
  for (const std::string e2e :
       {"-2147483648(-48695772.971ms)", "-4800(-100.000ms)", "172800000(3600000.000ms)"}) {
    INFO(e2e);
    const auto latency = fact<FactLatency>(
        "08:12:12.580 [552] [dbg] roc_audio: [latency_tuner.cpp:419] latency tuner: e2e_latency=" +
        e2e + " niq_latency=8270(172.292ms) target_latency=9600(200.000ms) jitter=0(0.000ms)");
    CHECK_FALSE(latency.e2e_ms);
    CHECK(latency.network_ms == 172.292);
  }
}

TEST_CASE("a latency that is no number is not known") {
  const auto latency = fact<FactLatency>(
      "08:12:12.580 [552] [dbg] roc_audio: [latency_tuner.cpp:419] latency tuner: "
      "e2e_latency=1(nanms) niq_latency=8270(172.292ms) target_latency=2(infms) jitter=3(-infms)");
  CHECK_FALSE(latency.e2e_ms);
  CHECK(latency.network_ms == 172.292);
  CHECK_FALSE(latency.target_ms);
  CHECK_FALSE(latency.jitter_ms);
  for (const auto* value : {"nan", "inf", "-nan"}) {
    CHECK(says_nothing(
        "08:12:12.580 [552] [dbg] roc_sndio: [p.cpp:1] pulseaudio sink: io_latency=1(" +
        std::string(value) + "ms)"));
    CHECK(
        says_nothing("08:12:12.580 [552] [dbg] roc_audio: [latency_tuner.cpp:419] latency tuner: "
                     "niq_latency=1(" +
                     std::string(value) + "ms)"));
  }
}

TEST_CASE("a loss that is counted since the session began is no news but that the tool works") {
  fact<FactProgress>(
      "08:15:27.751 [1974] [dbg] roc_audio: [depacketizer.cpp:329] depacketizer: "
      "ts=157986367 loss_ratio=0.04682");
  CHECK(
      says_nothing("08:07:13.198 [31623] [dbg] roc_audio: [depacketizer.cpp:257] depacketizer: got "
                   "first packet: zero_samples=8440"));
}

TEST_CASE("packets with audio that error correction brought back are counted") {
  const auto repaired = [](const std::string& block) {
    return fact<FactRepair>(
               "15:08:16.521 [18659] [dbg] roc_fec: [openfec_decoder.cpp:369] openfec "
               "decoder: repaired " +
               block)
        .repaired;
  };
  CHECK(repaired("2/2/255 ...............rr. .........") == 2);
  CHECK(repaired("1/2/255 .........r........ ....x....") == 1);
  CHECK(repaired("1/1/255 .................. ....r....") == 0);
  CHECK(repaired("0/9/255 ..XXXXXXXXX....... .........") == 0);
  CHECK(
      says_nothing("15:08:15.111 [18659] [dbg] roc_fec: [openfec_decoder.cpp:40] openfec decoder: "
                   "initializing: codec=rs m=8"));
}

TEST_CASE("the watchdog's letters say how much audio was missing") {
  const auto gap = fact<FactPlayback>(
      "08:15:44.611 [1974] [dbg] roc_audio: [watchdog.cpp:295] watchdog: status: "
      "......ibbbbi........");
  CHECK(gap.fine == 14);
  CHECK(gap.missing == 6);
  const auto warm = fact<FactPlayback>(
      "08:07:13.198 [31623] [dbg] roc_audio: [watchdog.cpp:295] watchdog: status: "
      "wwwwwwwwwww.........");
  CHECK(warm.warming_up == 11);
  CHECK(warm.missing == 0);
  CHECK(
      says_nothing("08:07:13.198 [1] [dbg] roc_audio: [watchdog.cpp:295] watchdog: status: ..x.."));
  CHECK(says_nothing(
      "08:07:27.448 [31623] [dbg] roc_audio: [watchdog.cpp:179] watchdog: no_playback timeout "
      "reached: every frame was blank during timeout: max_blank_duration=11760(266.667ms)"));
}

TEST_CASE("a sender's packet counters are a sign of life") {
  fact<FactProgress>(
      "08:12:27.595 [555] [dbg] roc_netio: [udp_port.cpp:575] udp port: <udp 0x7F2D64000B88 "
      "bind=0.0.0.0:58848>: recv=0 send=3999 send_nb=3999");
}

TEST_CASE("the last error of a tool is kept as it said it, and so is its cause") {
  CHECK(
      fact<FactError>("08:12:08.519 [585] [err] roc_send: [main.cpp:315] can't open input file or "
                      "device: uri=pulse://nothere.monitor format=(null)")
          .text ==
      "roc_send: can't open input file or device: uri=pulse://nothere.monitor "
      "format=(null)");
  CHECK(fact<FactTrouble>("08:12:08.580 [610] [err] roc_netio: [resolver.cpp:82] resolver: can't "
                          "resolve hostname 'nosuch.invalid': [EAI_NONAME] unknown node or service")
            .text.starts_with("resolver: can't resolve hostname 'nosuch.invalid'"));
  CHECK(fact<FactTrouble>("08:07:13.104 [31619] [err] roc_sndio: [pulseaudio_device.cpp:754] "
                          "pulseaudio source: stream is broken")
            .text == "stream is broken");
  CHECK(fact<FactTrouble>("08:07:13.104 [31619] [inf] roc_sndio: [pulseaudio_device.cpp:237] "
                          "pulseaudio source: restarting stream")
            .text == "restarting stream");
  CHECK(fact<FactError>("roc-recv: unrecognized option '--foo'").text ==
        "roc-recv: unrecognized option '--foo'");
  CHECK(fact<FactTrouble>("Assertion 's' failed at ../src/pulse/stream.c:2557, function "
                          "pa_stream_get_latency(). Aborting.")
            .text.starts_with("Assertion 's' failed"));
  CHECK(
      fact<FactTrouble>("ERROR: roc_core: heap arena: attempt to deallocate chunk not belonging to "
                        "this arena: this_arena=0x7ffc83ba5cc0 chunk_arena=(nil)")
          .text.starts_with("ERROR: roc_core: heap arena"));
  CHECK(fact<FactError>("/opt/bin/roc-send: error while loading shared libraries: libroc.so.0.4: "
                        "cannot open shared object file: No such file or directory")
            .text.starts_with("/opt/bin/roc-send"));
}

TEST_CASE("lines that say nothing say nothing") {
  CHECK(says_nothing(""));
  CHECK(says_nothing("\n"));
  CHECK(says_nothing("hello"));
  CHECK(says_nothing("08:12:08.468 [569] [err]"));
  CHECK(says_nothing("08:12:08.468 [569] [dbg] roc_sndio: "));
  CHECK(says_nothing("xx:12:08.468 [569] [dbg] roc_sndio: [pump.cpp:57] pump: starting main loop"));
  CHECK(says_nothing("08:12:08.468 [569] [foo] roc_sndio: [pump.cpp:57] pump: starting main loop"));
  CHECK(
      says_nothing("08:07:12.983 [31619] [inf] roc_node: [sender.cpp:199] sender node: bound "
                   "audiosrc interface to 0.0.0.0:54948"));
  CHECK(
      says_nothing("1:2 [1] [dbg] roc_netio: [u] udp port: <udp 0x1 bind=127.0.0.1:99999>: opened "
                   "port"));
  CHECK(
      says_nothing("08:07:11.402 [31580] [dbg] roc_netio: [udp_port.cpp:127] udp port: <udp "
                   "0x7FC240000B88 bind=127.0.0.1:99999>: opened port"));
}

TEST_CASE("damaged lines never throw and never hang") {
  const std::string lines[] = {
      "08:12:12.580 [552] [dbg] roc_audio: [latency_tuner.cpp:419] latency tuner: "
      "e2e_latency=15528(323.500ms) niq_latency=8270(172.292ms) target_latency=9600(200.000ms)",
      "08:07:11.402 [31580] [dbg] roc_netio: [udp_port.cpp:127] udp port: <udp 0x7FC240000B88 "
      "bind=127.0.0.1:59854>: opened port",
      "08:07:11.401 [31579] [inf] roc_node: [receiver.cpp:120] receiver node: binding audiosrc "
      "interface of slot 0 to rtp+rs8m://127.0.0.1:0",
      "08:15:27.751 [1974] [dbg] roc_audio: [depacketizer.cpp:329] depacketizer: ts=1 "
      "loss_ratio=0.04682"};
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string line = lines[random() % std::size(lines)];
    for (int change = 0; change < 3; ++change) {
      const auto at = random() % line.size();
      switch (random() % 3) {
        case 0:
          line[at] = static_cast<char>(random() & 0xff);
          break;
        case 1:
          line.erase(at, random() % 8);
          break;
        default:
          line.resize(at);
      }
      if (line.empty()) break;
    }
    (void)parse_roc_log_line(line);
  }
}

}  // namespace
}  // namespace rocd
