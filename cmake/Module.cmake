# weir_module(): one call per folder. A folder may need folders on lower floors only; a wrong need stops configuration.
#
#   weir_module(cache FLOOR 3
#     SOURCES cache_table.cpp ...      the library weir_cache (header-only folders leave this empty)
#     TESTS   cache_table_test.cpp ... the test program weir_cache_test
#     NEEDS   base mcp ...             Weir folders
#     LIBRARIES fmt::fmt ...)          libraries of the distribution

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(fmt REQUIRED)
if(WEIR_TESTS)
  find_package(GTest REQUIRED)
endif()

# One precompiled header for sources and one for tests; every target re-uses it, so it is compiled once.
function(weir_use_pch target kind)
  if(NOT WEIR_PCH)
    return()
  endif()
  if(NOT TARGET weir_pch_${kind})
    file(WRITE ${CMAKE_BINARY_DIR}/pch_${kind}.cpp "")
    add_library(weir_pch_${kind} OBJECT ${CMAKE_BINARY_DIR}/pch_${kind}.cpp)
    target_precompile_headers(weir_pch_${kind} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch_${kind}.hpp)
    target_compile_options(weir_pch_${kind} PRIVATE -fpch-preprocess)
  endif()
  target_compile_options(${target} PRIVATE -fpch-preprocess)
  target_precompile_headers(${target} REUSE_FROM weir_pch_${kind})
endfunction()

function(weir_module name)
  cmake_parse_arguments(M "" "FLOOR" "SOURCES;TESTS;NEEDS;LIBRARIES" ${ARGN})
  set_property(GLOBAL PROPERTY weir_floor_${name} ${M_FLOOR})
  foreach(need ${M_NEEDS})
    get_property(floor GLOBAL PROPERTY weir_floor_${need})
    if(floor STREQUAL "")
      message(FATAL_ERROR "${name} needs ${need}, which is unknown here: list lower floors first in src/CMakeLists.txt")
    endif()
    if(NOT floor LESS M_FLOOR)
      message(FATAL_ERROR "${name} is on floor ${M_FLOOR}; it may not need ${need} on floor ${floor}")
    endif()
  endforeach()
  list(TRANSFORM M_NEEDS PREPEND weir_ OUTPUT_VARIABLE needs)

  if(M_SOURCES)
    add_library(weir_${name} STATIC ${M_SOURCES})
    target_include_directories(weir_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(weir_${name} PUBLIC ${needs} ${M_LIBRARIES} Threads::Threads)
    weir_use_pch(weir_${name} std)
  else()
    add_library(weir_${name} INTERFACE)
    target_include_directories(weir_${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(weir_${name} INTERFACE ${needs} ${M_LIBRARIES} Threads::Threads)
  endif()

  if(WEIR_TESTS AND M_TESTS)
    add_executable(weir_${name}_test ${M_TESTS})
    target_include_directories(weir_${name}_test PRIVATE ${CMAKE_SOURCE_DIR}/test)
    target_compile_definitions(weir_${name}_test PRIVATE WEIR_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    target_link_libraries(weir_${name}_test PRIVATE weir_${name} GTest::gtest_main)
    weir_use_pch(weir_${name}_test test)
    add_test(NAME ${name} COMMAND weir_${name}_test)
  endif()
endfunction()
