# Third-party packages. Everything header-only and heavy is compiled once, in rocd_thirdparty.

find_package(Threads REQUIRED)
find_package(Boost 1.83 REQUIRED COMPONENTS json filesystem)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(Prometheus REQUIRED IMPORTED_TARGET prometheus-cpp-core)
pkg_check_modules(ZeroMQ REQUIRED IMPORTED_TARGET libzmq>=4.3.4)
pkg_check_modules(Sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(PipeWire REQUIRED IMPORTED_TARGET libpipewire-0.3>=1.0)
# Its -D_REENTRANT means nothing on Linux, but would make the precompiled header unusable.
set_target_properties(PkgConfig::PipeWire PROPERTIES INTERFACE_COMPILE_OPTIONS "")

# One definition for every translation unit: a mismatch would be a violation of the ODR.
add_library(rocd_headers INTERFACE)
target_compile_definitions(rocd_headers INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION
  BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_PROCESS_V2_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED
  SPDLOG_FMT_EXTERNAL)
target_link_libraries(rocd_headers INTERFACE
  Boost::headers Boost::json Boost::filesystem spdlog::spdlog Threads::Threads)

add_library(rocd_thirdparty STATIC
  ${PROJECT_SOURCE_DIR}/src/thirdparty/asio.cpp
  ${PROJECT_SOURCE_DIR}/src/thirdparty/beast.cpp
  ${PROJECT_SOURCE_DIR}/src/thirdparty/process.cpp)
target_link_libraries(rocd_thirdparty PUBLIC rocd_headers)
