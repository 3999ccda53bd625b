# Makes docs_embedded.cpp: the files that /docs loads, gzip'ed, as data of the program. Included after
# rocd_room(api …); runs itself again with -P for the steps of the build.

if(CMAKE_SCRIPT_MODE_FILE)
  get_filename_component(here ${CMAKE_SCRIPT_MODE_FILE} DIRECTORY)

  if(STEP STREQUAL "install")
    file(COPY ${here}/package.json ${here}/package-lock.json ${here}/.npmrc DESTINATION ${DIR})
    execute_process(COMMAND ${NPM} ci --prefer-offline --loglevel=error --no-progress
                    WORKING_DIRECTORY ${DIR} OUTPUT_QUIET RESULT_VARIABLE failed)
    if(failed)
      message(FATAL_ERROR "npm could not install the viewer of /docs (see above). "
                          "To build without it, configure with -DROCD_DOCS_VIEWER=OFF.")
    endif()
    file(TOUCH ${DIR}/installed)
    return()
  endif()

  # The code names the hash of each file, so that a cache of compilers sees it change.
  set(data "")
  set(table "")
  foreach(file IN LISTS FILES)
    get_filename_component(name ${file} NAME)
    string(MAKE_C_IDENTIFIER rocd_docs_${name} symbol)
    execute_process(COMMAND gzip -9nc ${file} OUTPUT_FILE ${DIR}/${name}.gz COMMAND_ERROR_IS_FATAL ANY)
    file(SHA256 ${file} hash)
    string(SUBSTRING ${hash} 0 16 hash)
    string(APPEND data "asm(R\"(.pushsection .rodata\n${symbol}: .incbin \"${DIR}/${name}.gz\"\n"
      "${symbol}_end: .popsection)\");\n"
      "extern \"C\" const char ${symbol}[], ${symbol}_end[];\n\n")
    string(APPEND table "      {\"${name}\", \"${hash}\", {${symbol}, ${symbol}_end}},\n")
  endforeach()
  file(WRITE ${OUTPUT} "// Made by src/api/docs/docs.cmake.\n#include \"api/docs.hpp\"\n\n${data}"
    "std::span<const rocd::DocsFile> rocd::docs_files() {\n"
    "  static const DocsFile files[] = {\n${table}  };\n  return files;\n}\n")
  return()
endif()

option(ROCD_DOCS_VIEWER "Show the contract at /docs with a viewer from npm, else as a plain page" ON)
set(docs_source ${CMAKE_CURRENT_LIST_DIR})
set(docs_build ${CMAKE_CURRENT_BINARY_DIR}/docs)
set(docs_files ${docs_source}/docs.css ${docs_source}/docs.js)
set(docs_needs ${docs_files})

if(ROCD_DOCS_VIEWER)
  find_program(NPM npm)
  if(NOT NPM)
    message(FATAL_ERROR "npm is missing, which fetches the viewer of the API's documentation (/docs).\n"
      "Run scripts/setup.sh, or install Debian's package 'npm'; or configure with "
      "-DROCD_DOCS_VIEWER=OFF: then /docs is a plain page.")
  endif()
  # npm gives its files the time of 1985, so a file of our own tells when it ran.
  add_custom_command(
    OUTPUT ${docs_build}/installed
    COMMAND ${CMAKE_COMMAND} -DSTEP=install -DDIR=${docs_build} -DNPM=${NPM}
            -P ${docs_source}/docs.cmake
    DEPENDS ${docs_source}/package.json ${docs_source}/package-lock.json ${docs_source}/.npmrc
    COMMENT "Fetching the viewer of /docs" VERBATIM)
  set(viewer ${docs_build}/node_modules/swagger-ui-dist)
  list(APPEND docs_files ${viewer}/swagger-ui.css ${viewer}/swagger-ui-bundle.js
       ${viewer}/swagger-ui-bundle.js.LICENSE.txt ${viewer}/LICENSE)
  list(APPEND docs_needs ${docs_build}/installed)
endif()

add_custom_command(
  OUTPUT ${docs_build}/docs_embedded.cpp
  COMMAND ${CMAKE_COMMAND} "-DFILES=${docs_files}" -DDIR=${docs_build}
          -DOUTPUT=${docs_build}/docs_embedded.cpp -P ${docs_source}/docs.cmake
  DEPENDS ${docs_needs} ${docs_source}/docs.cmake
  COMMENT "Embedding what /docs shows" VERBATIM)
# A library of its own waits for no other room: without a network the build fails at once, not late.
add_library(rocd_docs OBJECT ${docs_build}/docs_embedded.cpp)
target_include_directories(rocd_docs PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(rocd_docs PRIVATE rocd_warnings)
target_sources(rocd_api PRIVATE $<TARGET_OBJECTS:rocd_docs>)
