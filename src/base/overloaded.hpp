// A visitor of lambdas, for std::visit. (pure)
#pragma once

namespace rocd {

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

}  // namespace rocd
