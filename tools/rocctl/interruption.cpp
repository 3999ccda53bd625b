#include "rocctl/interruption.hpp"

namespace rocctl {
namespace {

volatile std::sig_atomic_t noted = 0;

void note(int signal) {
  noted = signal;
}

}  // namespace

Interruption::Interruption() {
  noted = 0;
  struct sigaction action{};
  action.sa_handler = note;  // without SA_RESTART: sleeping ends, too
  ::sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < signals_.size(); ++i) ::sigaction(signals_[i], &action, &before_[i]);
}

Interruption::~Interruption() {
  for (std::size_t i = 0; i < signals_.size(); ++i) ::sigaction(signals_[i], &before_[i], nullptr);
}

int Interruption::signal() {
  return noted;
}

}  // namespace rocctl
