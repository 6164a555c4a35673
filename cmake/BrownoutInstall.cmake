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
install(DIRECTORY docs README.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/brownout COMPONENT runtime
        PATTERN "__pycache__" EXCLUDE)
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/brownout COMPONENT runtime)
install(DIRECTORY examples DESTINATION ${data} COMPONENT runtime
        PATTERN "__pycache__" EXCLUDE PATTERN "*.csv" EXCLUDE)

# One Debian package for each component, with a changelog and a copyright file.
set(BROWNOUT_DEBIAN_REVISION 1)
set(version ${PROJECT_VERSION}-${BROWNOUT_DEBIAN_REVISION})
string(REPLACE "-" ";" released ${BROWNOUT_RELEASED})
