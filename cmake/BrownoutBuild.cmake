# SPDX-License-Identifier: Apache-2.0
# What every target shares, and the functions that declare a room and a test.

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(BROWNOUT_CCACHE ccache)
if(BROWNOUT_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${BROWNOUT_CCACHE})
endif()

# Every room may become part of a shared library. Calls within one stay direct calls, as in a program.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Messages of failed checks name sources relative to the source folder, those of generated code too,
# so that a build is the same anywhere.
add_compile_options(-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)

# The arithmetic contract: no FMA contraction anywhere, on every target that computes.
add_library(brownout_options INTERFACE)
target_compile_options(brownout_options INTERFACE -ffp-contract=off -fno-semantic-interposition)
target_include_directories(brownout_options INTERFACE ${PROJECT_SOURCE_DIR}
                                                      ${PROJECT_SOURCE_DIR}/sim/include)

add_library(brownout_warnings INTERFACE)
target_compile_options(brownout_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(BROWNOUT_WERROR)
  target_compile_options(brownout_warnings INTERFACE -Werror)
endif()

option(BROWNOUT_UNITY_BUILD "Compile the sources of a target eight at a time: half the work" ON)

# brownout_together(target)
# Sources of one target that are compiled together share the headers that they all read. A source
# with compile options of its own stays alone, as does one with SKIP_UNITY_BUILD_INCLUSION.
function(brownout_together target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${BROWNOUT_UNITY_BUILD}
                                             UNITY_BUILD_BATCH_SIZE 8)
endfunction()

# brownout_room(name SOURCES file... [PUBLIC target...] [PRIVATE target...])
# A static library brownout_<name>, alias brownout::<name>.
function(brownout_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(brownout_${name} STATIC ${ROOM_SOURCES})
  add_library(brownout::${name} ALIAS brownout_${name})
  target_link_libraries(brownout_${name} PUBLIC brownout_options ${ROOM_PUBLIC}
                                         PRIVATE brownout_warnings ${ROOM_PRIVATE})
  brownout_together(brownout_${name})
endfunction()

set(BROWNOUT_TEST_PATIENCE 10 CACHE STRING
    "CTest ends a test that takes so many times what an ordinary machine needs at most")

# brownout_limit_test(name seconds)
# A test that hangs must end; one on a slow machine must not. `seconds` suffice anywhere ordinary.
# Those that may take longest begin first, so that no core waits for them in the end.
function(brownout_limit_test name seconds)
  math(EXPR limit "${BROWNOUT_TEST_PATIENCE} * ${seconds}")
  set_tests_properties(${name} PROPERTIES TIMEOUT ${limit} COST ${seconds})
endfunction()

# brownout_test(name LABEL label SOURCES file... LINK target... [TIMEOUT seconds])
# A GoogleTest program whose tests run one by one under CTest. BROWNOUT_TEST_OPTIMIZATION is how it
# is compiled in Release; -O1 takes half the time of -O3. What tests call is compiled as usual.
set(BROWNOUT_TEST_OPTIMIZATION -O1)
function(brownout_test name)
  cmake_parse_arguments(TEST "" "LABEL;TIMEOUT" "SOURCES;LINK" ${ARGN})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 60)
  endif()
  add_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE brownout_warnings GTest::gtest GTest::gtest_main
                                        ${TEST_LINK})
  brownout_together(${name})
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:${BROWNOUT_TEST_OPTIMIZATION}>)
  target_compile_definitions(${name} PRIVATE BROWNOUT_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                             BROWNOUT_BINARY="${CMAKE_BINARY_DIR}/brownout")
  # One CTest entry per program: starting a process per test costs more than most tests.
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${TEST_LABEL})
  brownout_limit_test(${name} ${TEST_TIMEOUT})
  if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=[a-z,]*address")
    set_tests_properties(${name} PROPERTIES ENVIRONMENT
      "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/cmake/lsan-suppressions.txt:print_suppressions=0")
  endif()
endfunction()
