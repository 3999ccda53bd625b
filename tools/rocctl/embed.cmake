# Makes completion_scripts.cpp: the scripts of completion/ as C++ strings, into the build tree.
# Included where rocctl_lib is made; runs itself again with -P when a script changes.

if(CMAKE_SCRIPT_MODE_FILE)
  file(WRITE ${OUTPUT} "// Made from tools/rocctl/completion/ by embed.cmake.\n#include \"rocctl/completion.hpp\"\n")
  foreach(shell bash zsh)
    file(READ ${INPUT}/rocctl.${shell} script)
    file(APPEND ${OUTPUT} "\nstd::string_view rocctl::completion_script_${shell}() {\n"
      "  return R\"script(${script})script\";\n}\n")
  endforeach()
  return()
endif()

set(rocctl_scripts ${CMAKE_CURRENT_SOURCE_DIR}/completion)
set(rocctl_embedded ${CMAKE_CURRENT_BINARY_DIR}/completion_scripts.cpp)
add_custom_command(
  OUTPUT ${rocctl_embedded}
  COMMAND ${CMAKE_COMMAND} -DINPUT=${rocctl_scripts} -DOUTPUT=${rocctl_embedded}
          -P ${CMAKE_CURRENT_LIST_DIR}/embed.cmake
  DEPENDS ${rocctl_scripts}/rocctl.bash ${rocctl_scripts}/rocctl.zsh
          ${CMAKE_CURRENT_LIST_DIR}/embed.cmake
  COMMENT "Embedding the completion of rocctl" VERBATIM)
target_sources(rocctl_lib PRIVATE ${rocctl_embedded})
