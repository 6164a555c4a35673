# SPDX-License-Identifier: Apache-2.0
# Which sizes of the co-simulated array are verilated.

set(BROWNOUT_RTL_SIZES "" CACHE STRING
    "More sizes of the co-simulated array, ROWSxCOLUMNS: each is verilated too, as in 12x12;32x32")

# brownout_rtl_sizes(result)
# The sizes that the tests need and those of BROWNOUT_RTL_SIZES, each once. A configure error names
# the first entry that is no size.
function(brownout_rtl_sizes result)
  set(largest 64)  # rows or columns
  set(sizes 4x4 8x8 16x16)
  foreach(entry IN LISTS BROWNOUT_RTL_SIZES)
    set(valid FALSE)
    if(entry MATCHES "^([1-9][0-9]?)x([1-9][0-9]?)$")
      if(CMAKE_MATCH_1 LESS_EQUAL largest AND CMAKE_MATCH_2 LESS_EQUAL largest)
        set(valid TRUE)
      endif()
    endif()
    if(NOT valid)
      message(FATAL_ERROR "BROWNOUT_RTL_SIZES: \"${entry}\": expected ROWSxCOLUMNS with 1 to "
                          "${largest} rows and columns, several of them as \"12x12;32x32\"")
    endif()
    list(APPEND sizes ${entry})
  endforeach()
  list(REMOVE_DUPLICATES sizes)
  set(${result} ${sizes} PARENT_SCOPE)
endfunction()
