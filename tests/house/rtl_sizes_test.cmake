# SPDX-License-Identifier: Apache-2.0
# What BROWNOUT_RTL_SIZES may be: cmake -DROOT=SOURCE_FOLDER -P rtl_sizes_test.cmake
if(DEFINED BROWNOUT_RTL_SIZES)  # one configuration
  include(${ROOT}/cmake/RtlSizes.cmake)
  brownout_rtl_sizes(sizes)
  message(STATUS "sizes: ${sizes}")
  return()
endif()

function(configure value)
  execute_process(COMMAND ${CMAKE_COMMAND} "-DROOT=${ROOT}" "-DBROWNOUT_RTL_SIZES=${value}" -P ${CMAKE_SCRIPT_MODE_FILE}
                  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE error)
  set(result ${result} PARENT_SCOPE)
  string(REGEX REPLACE "[ \n]+" " " text "${output}${error}")
  set(text "${text}" PARENT_SCOPE)
endfunction()

function(expect value sizes)
  configure("${value}")
  if(NOT result EQUAL 0 OR NOT text STREQUAL "-- sizes: ${sizes} ")
    message(SEND_ERROR "\"${value}\": expected ${sizes}, got ${result}: ${text}")
  endif()
endfunction()
expect("" "4x4;8x8;16x16")
expect("12x12;32x32" "4x4;8x8;16x16;12x12;32x32")
expect("1x64;8x8;64x1;1x64" "4x4;8x8;16x16;1x64;64x1")

foreach(entry 0x4 4x0 65x4 4x65 100x4 12 12x 12x12x12 12X12 -1x4 4.0x4 04x4 x "12x12 32x32" "12x12,32x32")
  configure("12x12;${entry}")
  if(result EQUAL 0 OR
     NOT text MATCHES "BROWNOUT_RTL_SIZES: \"${entry}\": expected ROWSxCOLUMNS with 1 to 64 rows and columns")
    message(SEND_ERROR "\"${entry}\": expected a refusal that names it, got ${result}: ${text}")
  endif()
endforeach()
