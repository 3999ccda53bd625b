#include "stream/stream_health.hpp"

#include <utility>

namespace rocd {
namespace {

int severity(Health health) {
  switch (health) {
    case Health::inactive:
    case Health::healthy:
      return 0;
    case Health::partially_healthy:
      return 1;
    case Health::unhealthy:
      return 2;
  }
  return 2;
}

}  // namespace

void HealthFilter::activate(Instant now) {
  quiet_until_ = now + delay;
  in_quiet_ = true;
  better_since_.reset();
  report_ = {};
  truth_ = {};
}

void HealthFilter::deactivate() {
  quiet_until_.reset();
  in_quiet_ = false;
  better_since_.reset();
  report_ = {};
  truth_ = {};
}

void HealthFilter::handle(HealthReport truth, Instant now) {
  truth_ = std::move(truth);
  apply(now);
}

void HealthFilter::handle_timeout(Instant now) {
  apply(now);
}

void HealthFilter::apply(Instant now) {
  if (!quiet_until_) return;
  if (in_quiet_ && now < *quiet_until_) {
    if (truth_.overall == Health::healthy) {
      report_ = truth_;
    } else if (report_.overall != Health::healthy) {
      report_ = {Health::inactive, truth_.message, truth_.hint};
    }
    return;
  }
  in_quiet_ = false;
  const bool better =
      report_.overall != Health::inactive && severity(truth_.overall) < severity(report_.overall);
  if (!better) {
    better_since_.reset();
    report_ = truth_;
    return;
  }
  if (!better_since_) better_since_ = now;
  if (now - *better_since_ < delay) return;
  better_since_.reset();
  report_ = truth_;
}

std::optional<Instant> HealthFilter::poll_timeout() const {
  if (in_quiet_) return quiet_until_;
  if (better_since_) return *better_since_ + delay;
  return std::nullopt;
}

bool HealthNews::is_due(const HealthReport& told, const HealthReport& current, Instant now) {
  due_.reset();
  if (told == current) return false;
  if (told.overall == current.overall && now < next_) {
    due_ = next_;
    return false;
  }
  next_ = now + pause;
  return true;
}

}  // namespace rocd
