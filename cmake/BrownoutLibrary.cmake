# SPDX-License-Identifier: Apache-2.0
# The shared libraries that other programs link, with the files by which CMake and pkg-config find
# them: brownout::brownout, which is every room without SystemC, and brownout::systemc.
include(CMakePackageConfigHelpers)
include(PkgConfigFile)

set(version_of_interface ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

# brownout_shared_library(target NAME name ROOMS room... [LINK target...])
# A shared library of whole rooms, lib<name>.so, which exports what is in the namespace brownout.
function(brownout_shared_library target)
  cmake_parse_arguments(LIBRARY "" "NAME" "ROOMS;LINK" ${ARGN})
  set(objects "")
  foreach(room IN LISTS LIBRARY_ROOMS)
    list(APPEND objects $<TARGET_OBJECTS:brownout_${room}>)
  endforeach()
  add_library(${target} SHARED ${objects})
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)
  # The objects have all that the rooms' archives could give. These bring the libraries of others.
  # What LINK names comes first, so that nothing that it has is taken from an archive once more.
  list(TRANSFORM LIBRARY_ROOMS PREPEND brownout_ OUTPUT_VARIABLE rooms)
  target_link_libraries(${target} PRIVATE ${LIBRARY_LINK} ${rooms})
  target_link_options(${target} PRIVATE
    -Wl,--no-undefined -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/exports.map)
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${LIBRARY_NAME}
    VERSION ${PROJECT_VERSION}
    SOVERSION ${version_of_interface}
    LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/exports.map)
  target_compile_features(${target} INTERFACE cxx_std_17)
  target_include_directories(${target} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/sim/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  install(TARGETS ${target} EXPORT ${target}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development)
endfunction()

brownout_shared_library(brownout_library NAME brownout
  ROOMS base hdf5 memory mitigation technology network data arithmetic import profiles chips mapping
        estimate weights datapath array engines experiment results runs study report api_chips api)
set_target_properties(brownout_library PROPERTIES EXPORT_NAME brownout)
add_library(brownout::brownout ALIAS brownout_library)

# Whoever links it gets the other one as well, and SystemC.
brownout_shared_library(brownout_systemc_library NAME brownout-systemc
  ROOMS accelerator systemc_engine cosim systemc_simulator api_systemc
  LINK brownout_library)
set_target_properties(brownout_systemc_library PROPERTIES EXPORT_NAME systemc)
target_link_libraries(brownout_systemc_library INTERFACE brownout_library PkgConfig::SYSTEMC)
add_library(brownout::systemc ALIAS brownout_systemc_library)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Brownout)
install(DIRECTORY sim/include/brownout DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
        FILES_MATCHING PATTERN "*.hpp")
install(EXPORT brownout_library NAMESPACE brownout:: FILE BrownoutTargets.cmake
        DESTINATION ${package} COMPONENT development)
install(EXPORT brownout_systemc_library NAMESPACE brownout:: FILE BrownoutSystemcTargets.cmake
        DESTINATION ${package} COMPONENT development)
configure_package_config_file(cmake/BrownoutConfig.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/BrownoutConfig.cmake INSTALL_DESTINATION ${package}
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/BrownoutConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/BrownoutConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/BrownoutConfigVersion.cmake
        DESTINATION ${package} COMPONENT development)
brownout_install_pkg_config(brownout
  DESCRIPTION "Chips, voltages and evaluations of low-voltage DNN accelerators" LIBRARIES -lbrownout)
brownout_install_pkg_config(brownout-systemc
  DESCRIPTION "The accelerator of Brownout as a SystemC module"
  REQUIRES "brownout systemc >= 2.3.4" LIBRARIES -lbrownout-systemc)
