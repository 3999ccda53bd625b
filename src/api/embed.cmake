# Makes document_embedded.cpp: openapi/rocd.yaml as a C++ string, into the build tree.
# Included after rocd_room(api …); runs itself again with -P when the YAML changes.

if(CMAKE_SCRIPT_MODE_FILE)
  file(READ ${INPUT} yaml)
  file(WRITE ${OUTPUT} "// Made from openapi/rocd.yaml by src/api/embed.cmake.\n"
    "#include \"api/document.hpp\"\n\n"
    "std::string_view rocd::openapi_yaml() {\n  return R\"rocd_yaml(${yaml})rocd_yaml\";\n}\n")
  return()
endif()

set(rocd_embedded ${CMAKE_CURRENT_BINARY_DIR}/document_embedded.cpp)
add_custom_command(
  OUTPUT ${rocd_embedded}
  COMMAND ${CMAKE_COMMAND} -DINPUT=${PROJECT_SOURCE_DIR}/openapi/rocd.yaml -DOUTPUT=${rocd_embedded}
          -P ${CMAKE_CURRENT_LIST_DIR}/embed.cmake
  DEPENDS ${PROJECT_SOURCE_DIR}/openapi/rocd.yaml ${CMAKE_CURRENT_LIST_DIR}/embed.cmake
  COMMENT "Embedding openapi/rocd.yaml" VERBATIM)
target_sources(rocd_api PRIVATE ${rocd_embedded})
