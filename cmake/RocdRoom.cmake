# A room is a folder of src/: one static library `rocd_<room>`, and one test program
# `test_<room>` made of test/<room>/**_test.cpp.

# rocd_room(NAME [DEPS room…] [LIBS target…] [PCH])
#   PCH: use the shared precompiled header (rooms that include Asio).
function(rocd_room name)
  cmake_parse_arguments(ARG "PCH" "" "DEPS;LIBS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  add_library(rocd_${name} STATIC ${sources})
  target_include_directories(rocd_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM ARG_DEPS PREPEND rocd_)
  target_link_libraries(rocd_${name} PUBLIC rocd_headers ${ARG_DEPS} PRIVATE rocd_warnings)
  target_link_libraries(rocd_${name} PUBLIC ${ARG_LIBS})
  if(ARG_PCH)
    target_precompile_headers(rocd_${name} REUSE_FROM rocd_pch)
  endif()
endfunction()

# rocd_test(NAME [LIBS target…] [LABELS label…] [PROPERTIES …] [PCH]): Catch2 cases become ctest tests.
# Sources: test/<name>/**_test.cpp; helpers under test/<name>/ without the suffix are included too.
function(rocd_test name)
  cmake_parse_arguments(ARG "PCH" "" "LIBS;LABELS;PROPERTIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/test/${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/programs/")
  if(NOT sources)
    return()
  endif()
  string(REPLACE "/" "_" target "test_${name}")
  add_executable(${target} ${sources})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/test
                                               ${PROJECT_SOURCE_DIR}/tools)
  target_link_libraries(${target} PRIVATE ${ARG_LIBS} Catch2::Catch2WithMain rocd_warnings)
  target_compile_definitions(${target} PRIVATE
    ROCD_SOURCE_DIR="${PROJECT_SOURCE_DIR}" ROCD_BIN_DIR="${PROJECT_BINARY_DIR}/bin")
  if(ARG_PCH)
    target_precompile_headers(${target} REUSE_FROM rocd_pch)
  endif()
  catch_discover_tests(${target} TEST_PREFIX "${name}: " DISCOVERY_MODE PRE_TEST
    PROPERTIES TIMEOUT 120 LABELS "${ARG_LABELS}" ${ARG_PROPERTIES})
endfunction()
