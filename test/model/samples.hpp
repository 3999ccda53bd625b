// Specs and statuses with every field set, for the tests of this room.
#pragma once

#include "model/json.hpp"

namespace rocd::test {

inline const Uid self = *Uid::parse("aaaaaa-bbbbbb-cccccc");
inline const Uid other_peer = *Uid::parse("dddddd-eeeeee-ffffff");
inline const Uid endpoint_uid = *Uid::parse("111111-222222-333333");
inline const Uid stream_uid = *Uid::parse("rx4sse-w0zas1-gf2s1o");
inline const WallTime noon{1795176000s};  // 2026-11-20T12:00:00Z

inline MediaUri uri(std::string_view text) {
  return *MediaUri::parse(text);
}

inline EndpointSpec make_endpoint(StreamDirection direction = StreamDirection::output) {
  EndpointSpec spec;
  spec.uid = endpoint_uid;
  spec.direction = direction;
  spec.name = "kitchen";
  spec.display_name = "Kitchen speakers";
  spec.system_name = "rocd.kitchen";
  spec.channels = 6;
  spec.sample_rate = 44100;
  spec.volume = 0.25;
  spec.muted = true;
  spec.is_default = true;
  return spec;
}

inline StreamSpec make_send() {
  StreamSpec spec;
  spec.uid = stream_uid;
  spec.display_name = "Music to kitchen";
  spec.source = EndpointRef{self, endpoint_uid};
  spec.destination =
      ExternalAddress{uri("rtp+rs8m://192.168.1.20:10001"), uri("rs8m://192.168.1.20:10002"),
                      uri("rtcp://192.168.1.20:10003")};
  return spec;
}

inline StreamSpec make_receive() {
  StreamSpec spec;
  spec.uid = stream_uid;
  spec.display_name = "Music from kitchen";
  spec.source = ExternalAddress{uri("rtp+rs8m://0.0.0.0:10001"), uri("rs8m://0.0.0.0:10002"),
                                uri("rtcp://0.0.0.0:10003")};
  spec.destination = EndpointRef{self, endpoint_uid};
  return spec;
}

}  // namespace rocd::test
