# What makes the edit-build-test loop short, and what the compiler must not let pass.

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without these two, ccache never hits in a build with a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_PCH_EXTSUM=1 CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  # The second one: what was compiled in one clone is found again from another.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>
                      -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(rocd_warnings INTERFACE)
target_compile_options(rocd_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align
  -Wimplicit-fallthrough -Werror=return-type)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # GCC 12 with optimisation sees Asio's inlined frame allocation, but not the matching deallocation.
  target_compile_options(rocd_warnings INTERFACE -Wno-mismatched-new-delete)
endif()
# For us, not for who builds a release: another compiler has other warnings.
option(ROCD_WERROR "Treat warnings as errors" OFF)
if(ROCD_WERROR)
  target_compile_options(rocd_warnings INTERFACE -Werror)
endif()

# Line tables only: they are what a backtrace needs, and full debug information takes long to write.
add_compile_options($<$<CONFIG:Debug>:-g1>)

# Of Asio, Beast and Process, which are compiled once and whole, a release keeps what it calls.
add_compile_options($<$<CONFIG:RelWithDebInfo,Release>:-ffunction-sections>
                    $<$<CONFIG:RelWithDebInfo,Release>:-fdata-sections>)
add_link_options($<$<CONFIG:RelWithDebInfo,Release>:-Wl,--gc-sections>)

if(ROCD_SANITIZE STREQUAL "thread")
  # Asio's fences are more than it knows: at worst it reports too much.
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer -Wno-tsan)
  add_link_options(-fsanitize=thread)
elseif(ROCD_SANITIZE STREQUAL "address")
  # Without two checks: docs/testing.md tells why.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=null,vptr
                      -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(ROCD_SANITIZE)
  message(FATAL_ERROR "ROCD_SANITIZE is address, thread or OFF, not ${ROCD_SANITIZE}")
endif()
