# SPDX-License-Identifier: Apache-2.0
# The files by which pkg-config finds what is installed for other programs.

# brownout_install_pkg_config(name DESCRIPTION text LIBRARIES flags [REQUIRES text]
#                             [VARIABLES name=folder...])
# Installs <name>.pc. The prefix is where the file lies, so that an installation may be moved; folders
# are relative to the prefix.
function(brownout_install_pkg_config name)
  cmake_parse_arguments(FILE "" "DESCRIPTION;LIBRARIES;REQUIRES" "VARIABLES" ${ARGN})
  set(folder ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  file(RELATIVE_PATH up "/prefix/${folder}" "/prefix")
  string(REGEX REPLACE "/$" "" up "${up}")
  set(from_prefix "\${prefix}/")
  set(variables "")
  foreach(variable IN LISTS FILE_VARIABLES)
    string(REPLACE "=" "=${from_prefix}" variable "${variable}")
    string(APPEND variables "${variable}\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc @ONLY CONTENT
"prefix=\${pcfiledir}/${up}
libdir=${from_prefix}${CMAKE_INSTALL_LIBDIR}
includedir=${from_prefix}${CMAKE_INSTALL_INCLUDEDIR}
${variables}
Name: ${name}
Description: ${FILE_DESCRIPTION}
Version: ${PROJECT_VERSION}
Requires: ${FILE_REQUIRES}
Libs: -L\${libdir} ${FILE_LIBRARIES}
Cflags: -I\${includedir}
")
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${folder} COMPONENT development)
endfunction()
