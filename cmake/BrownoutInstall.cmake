# SPDX-License-Identifier: Apache-2.0
# What is installed beside programs and libraries, and the Debian packages that CPack makes of all
# installed files: one package for each component.

# Shared data, where sim/base/shipped.cpp looks for it.
set(data ${CMAKE_INSTALL_DATADIR}/brownout)
install(DIRECTORY profiles DESTINATION ${data} COMPONENT runtime
        FILES_MATCHING PATTERN "*.yaml" PATTERN "*.h5" PATTERN "README.md")
install(DIRECTORY models DESTINATION ${data} COMPONENT runtime
        FILES_MATCHING PATTERN "*.yaml" PATTERN "*.onnx" PATTERN "README.md" PATTERN "scores.json")
install(DIRECTORY configs DESTINATION ${data} COMPONENT runtime
        FILES_MATCHING PATTERN "*.yaml" PATTERN "*.json")
# Documentation, and the examples that it runs.
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/brownout COMPONENT runtime)
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/brownout COMPONENT runtime)
install(DIRECTORY examples DESTINATION ${data} COMPONENT runtime
        PATTERN "__pycache__" EXCLUDE PATTERN "*.csv" EXCLUDE)

# The packages, by component.
set(BROWNOUT_DEBIAN_REVISION 1)
set(version ${PROJECT_VERSION}-${BROWNOUT_DEBIAN_REVISION})
set(package_of_runtime brownout)
set(package_of_development libbrownout-dev)
set(package_of_python python3-brownout)
set(package_of_trainer brownout-train)
get_cmake_property(components COMPONENTS)
list(REMOVE_ITEM components Unspecified)

# Debian wants a changelog and a copyright file in each of them.
find_program(BROWNOUT_GZIP gzip)
execute_process(COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C TZ=UTC date --rfc-email -d ${BROWNOUT_RELEASED}
                OUTPUT_VARIABLE released OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
configure_file(packaging/changelog.in packaging/changelog.Debian @ONLY)
if(BROWNOUT_GZIP)
  execute_process(COMMAND ${BROWNOUT_GZIP} -9nkf ${CMAKE_BINARY_DIR}/packaging/changelog.Debian)
endif()
foreach(component IN LISTS components)
  set(package ${package_of_${component}})
  if(NOT package)
    message(FATAL_ERROR "install(): component ${component} belongs to no package; expected runtime, "
                        "development, python or trainer")
  endif()
  string(TOUPPER ${component} name)
  set(CPACK_DEBIAN_${name}_PACKAGE_NAME ${package})
  install(FILES packaging/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package}
          COMPONENT ${component})
  install(FILES ${CMAKE_BINARY_DIR}/packaging/changelog.Debian.gz OPTIONAL
          DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${component})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_COMPONENTS_ALL ${components})
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PACKAGE_NAME brownout)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each package has one of its own
set(CPACK_PACKAGE_VENDOR "Brownout developers")
set(CPACK_PACKAGE_CONTACT "Brownout developers <brownout@localhost.invalid>")
set(CPACK_DEBIAN_PACKAGE_RELEASE ${BROWNOUT_DEBIAN_REVISION})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(about "Brownout simulates accelerators for deep neural networks whose SRAM runs below
Vmin, the lowest voltage at which no cell fails: which cells fail at a voltage,
what that does to the error of a network, and how many cycles and joules an
inference takes.")
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "simulator of low-voltage DNN accelerators
${about}
.
This package has the command, its library, trained networks, chip profiles,
accelerators, sweeps, studies and the documentation.")
# Shared libraries: the linker's cache follows them, and other packages know whose they are.
set(triggers ${PROJECT_SOURCE_DIR}/packaging/triggers)
if(BROWNOUT_WITH_LIBRARY)
  configure_file(packaging/shlibs.in packaging/shlibs @ONLY)
  set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA "${triggers};${CMAKE_BINARY_DIR}/packaging/shlibs")
endif()
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_CONTROL_EXTRA "${triggers}")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_RECOMMENDS "gnuplot-nox, dataset-fashion-mnist")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SUGGESTS "brownout-train, python3-brownout, libbrownout-dev")

set(CPACK_DEBIAN_TRAINER_DESCRIPTION "trainer of networks that survive bit errors
${about}
.
This package has the program behind \"brownout train\", which trains networks
with LibTorch: robust quantization, weight clipping, random bit errors and the
errors of a measured chip.")
set(CPACK_DEBIAN_TRAINER_PACKAGE_DEPENDS "brownout (= ${version})")
set(CPACK_DEBIAN_TRAINER_PACKAGE_RECOMMENDS "libopenblas0-pthread, dataset-fashion-mnist")

set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "C++ library and Verilog models of Brownout, for development
${about}
.
This package has the headers, the files for CMake and pkg-config, and memory
models in SystemVerilog with their DPI-C and VPI libraries.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "brownout (= ${version})")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_RECOMMENDS "g++, libsystemc-dev")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "cmake, iverilog, verilator")

set(CPACK_DEBIAN_PYTHON_DESCRIPTION "Python module of Brownout
${about}
.
This package has the module brownout: chips, networks, experiments and sweeps
on NumPy arrays, and PyTorch models that read their weights through a chip.")
set(CPACK_DEBIAN_PYTHON_PACKAGE_SECTION python)
# They compile the Python files when they are installed, and remove what was compiled.
set(CPACK_DEBIAN_PYTHON_PACKAGE_CONTROL_EXTRA
    "${PROJECT_SOURCE_DIR}/packaging/python/postinst;${PROJECT_SOURCE_DIR}/packaging/python/prerm")
set(CPACK_DEBIAN_PYTHON_PACKAGE_SUGGESTS "python3-pandas, python3-matplotlib, python3-torch")
# The module is built for one minor version of Python (sim/python sets which).
if(DEFINED BROWNOUT_PYTHON_MINOR)
  math(EXPR next "${BROWNOUT_PYTHON_MINOR} + 1")
  set(CPACK_DEBIAN_PYTHON_PACKAGE_DEPENDS
      "brownout (= ${version}), python3-numpy, python3 (>= 3.${BROWNOUT_PYTHON_MINOR}), python3 (<< 3.${next})")
endif()

include(CPack)
