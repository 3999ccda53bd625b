// Boost.JSON with instrumentation, in place of the system's library.
#include <boost/json/src.hpp>
