// Sound in the session: an application that plays a tone to a device, and one that records a device
// and says what it hears. Both stay with their device: when it goes away they fall silent, when it
// comes back they go on, and they never use another one.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "audioprobe/wav.hpp"
#include "e2e/process.hpp"

namespace rocd::test {

// Hz; 0 is silence.
struct Tone {
  double left = 0;
  double right = 0;
};
inline constexpr Tone silence{0, 0};
inline constexpr double played_dbfs = -20;

// A tone that was found where it was not played.
struct Trace {
  Tone tone;
  double seconds = 0;            // from where on it was looked for
  std::array<double, 2> dbfs{};  // left and right
};

// Louder than anything that is played: what is in memory that holds no sound.
struct Noise {
  double seconds = 0;  // from where on it was looked for
  double lasts = 0;    // seconds, from the first such sample to the last
  double peak_dbfs = 0;
};
// Samples beyond full scale, or that are no numbers; nullopt: none.
[[nodiscard]] std::optional<Noise> noise_in(const audio::Recording& recording);

// A steady tone, to be played for longer than a minute, and as often as wanted.
void write_tone(const std::filesystem::path& file, Tone tone, double seconds);

// Plays to the sink of this node name.
class Player {
 public:
  // For a minute.
  Player(const std::string& sink, Tone tone);
  Player(const std::string& sink, const std::filesystem::path& file);

  // How it ended, and what it said; empty: it runs.
  [[nodiscard]] std::string end() const;

 private:
  void play(const std::string& sink, const std::filesystem::path& file);

  TempDirectory directory_;
  mutable std::optional<Process> process_;
};

class Listener {
 public:
  enum class Tap { source, monitor };  // what a source gives, or what is played to a sink

  Listener(const std::string& node, Tap tap);

  struct Wanted {
    double seconds = 2;  // uninterrupted
    std::optional<double> dbfs = {};
    Milliseconds limit = patience;
  };
  // "heard" as soon as everything recorded in `seconds` after the call is the tone, on the right
  // channels; else, when the time is over, what was wrong with the last attempt.
  [[nodiscard]] std::string listen_for(Tone tone, const Wanted& wanted) const;
  [[nodiscard]] std::string listen_for(Tone tone) const { return listen_for(tone, Wanted{}); }

  // Whether one of the frequencies was ever in what was recorded from that position on: "no trace",
  // or which and how loud.
  [[nodiscard]] std::string search(const std::vector<double>& frequencies, double from = 0) const;

  // Of what was recorded between these positions, in either channel.
  [[nodiscard]] double longest_silence_ms(double from, double to) const;
  [[nodiscard]] std::size_t gaps(double from, double to) const;  // silences within the sound

  // Of what was recorded between these positions, for each 100 ms: whether the tone was in it, on
  // both channels, as loud as it was played (3 dB more or less).
  [[nodiscard]] std::vector<bool> windows(Tone tone, double from, double to) const;

  // The first of these tones of which in 100 ms of what was recorded from there on there was about
  // as much as was played, in both channels at once, whatever else was; nullopt: none.
  [[nodiscard]] std::optional<Trace> trace_of(const std::vector<Tone>& tones, double from) const;
  // In what was recorded from there on.
  [[nodiscard]] std::optional<Noise> noise(double from) const;

  // Seconds recorded until now.
  [[nodiscard]] double position() const;
  // Waits until that much more has been recorded; false if nothing comes.
  [[nodiscard]] bool record_more(double seconds) const;
  // How it ended, and what it said; empty: it runs.
  [[nodiscard]] std::string end() const;

 private:
  [[nodiscard]] audio::Recording read(std::size_t from, std::size_t to) const;  // frames
  [[nodiscard]] audio::Recording read_part(double from, double to) const;       // seconds
  [[nodiscard]] std::size_t frames() const;
  [[nodiscard]] std::string diagnosis() const;

  TempDirectory directory_;
  std::filesystem::path file_;
  std::string node_;
  mutable std::optional<Process> process_;
};

}  // namespace rocd::test
