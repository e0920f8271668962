# weir_module(): one call per folder. It may need lower floors only; a wrong need stops configuration.
#
#   weir_module(cache FLOOR 3
#     SOURCES cache_table.cpp ...      the library weir_cache (header-only folders leave this empty)
#     TESTS   cache_table_test.cpp ... the test program weir_cache_test
#     NEEDS   base mcp ...             Weir folders
#     LIBRARIES fmt::fmt ...)          libraries of the distribution
#
# weir_test(sim SOURCES ... LIBRARIES ...) makes a test program of its own, weir_sim_test, beside the folders.
# The test programs of the names in WEIR_TSAN (CMakeLists.txt) are also the ThreadSanitizer suite.
# weir_fuzz(sse NEEDS net) makes the fuzz target sse_fuzz from sse_fuzz.cpp (preset fuzz only).

if(WEIR_TESTS)
  find_package(GTest REQUIRED)
  add_custom_target(weir_tsan_tests)
endif()
if(WEIR_FUZZ)
  add_custom_target(weir_fuzz_targets)
endif()

# One precompiled header for sources and one for tests; every target re-uses it, so it is compiled once.
# It holds fmt (and GoogleTest), so its users get their definitions: g++ refuses a header compiled
# with others.
function(weir_use_pch target kind)
  if(NOT WEIR_PCH)
    return()
  endif()
  set(libraries fmt::fmt $<$<STREQUAL:${kind},test>:GTest::gtest>)
  set(for_ccache $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>
    "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
  if(NOT TARGET weir_pch_${kind})
    if(NOT EXISTS ${CMAKE_BINARY_DIR}/pch_${kind}.cpp)
      file(WRITE ${CMAKE_BINARY_DIR}/pch_${kind}.cpp "")
    endif()
    add_library(weir_pch_${kind} OBJECT ${CMAKE_BINARY_DIR}/pch_${kind}.cpp)
    # Quoted and without its folder: every checkout then compiles the same text, and ccache serves them all.
    target_precompile_headers(weir_pch_${kind} PRIVATE "\"pch_${kind}.hpp\"")
    target_include_directories(weir_pch_${kind} PRIVATE ${PROJECT_SOURCE_DIR}/cmake)
    target_compile_options(weir_pch_${kind} PRIVATE ${for_ccache})
    target_link_libraries(weir_pch_${kind} PRIVATE ${libraries})
  endif()
  target_compile_options(${target} PRIVATE ${for_ccache})
  target_link_libraries(${target} PRIVATE ${libraries})
  target_precompile_headers(${target} REUSE_FROM weir_pch_${kind})
endfunction()

function(weir_check_floors name floor)
  set_property(GLOBAL PROPERTY weir_floor_${name} ${floor})
  foreach(need ${ARGN})
    get_property(need_floor GLOBAL PROPERTY weir_floor_${need})
    if("${need_floor}" STREQUAL "")
      message(FATAL_ERROR
        "${name} needs ${need}, which is unknown here: list lower floors first in src/CMakeLists.txt")
    endif()
    if(NOT need_floor LESS floor)
      message(FATAL_ERROR "${name} is on floor ${floor}; it may not need ${need} on floor ${need_floor}")
    endif()
  endforeach()
endfunction()

# WEIR_SOURCE_DIR, for the tests that read committed files. Only those get it: a path on the command line
# makes ccache useless to other checkouts.
function(weir_tell_source_dir)
  foreach(source ${ARGN})
    file(STRINGS ${source} uses REGEX WEIR_SOURCE_DIR LIMIT_COUNT 1)
    if(uses)
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
      set_property(SOURCE ${source} APPEND PROPERTY COMPILE_DEFINITIONS
        WEIR_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    endif()
  endforeach()
endfunction()

function(weir_test name)
  cmake_parse_arguments(T "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(weir_${name}_test ${T_SOURCES})
  target_include_directories(weir_${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/test)
  weir_tell_source_dir(${T_SOURCES})
  target_link_libraries(weir_${name}_test PRIVATE ${T_LIBRARIES} GTest::gtest_main)
  weir_use_pch(weir_${name}_test test)
  add_test(NAME ${name} COMMAND weir_${name}_test)
  if(name IN_LIST WEIR_TSAN)
    set_tests_properties(${name} PROPERTIES LABELS tsan)
    add_dependencies(weir_tsan_tests weir_${name}_test)
  endif()
endfunction()

function(weir_module name)
  cmake_parse_arguments(M "" "FLOOR" "SOURCES;TESTS;NEEDS;LIBRARIES" ${ARGN})
  if(M_UNPARSED_ARGUMENTS OR NOT M_FLOOR MATCHES "^[0-5]$")
    message(FATAL_ERROR "weir_module(${name}): FLOOR must be 0 to 5; not understood: ${M_UNPARSED_ARGUMENTS}")
  endif()
  weir_check_floors(${name} ${M_FLOOR} ${M_NEEDS})
  list(TRANSFORM M_NEEDS PREPEND weir_ OUTPUT_VARIABLE needs)

  if(M_SOURCES)
    add_library(weir_${name} STATIC ${M_SOURCES})
    target_include_directories(weir_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(weir_${name} PUBLIC ${needs} ${M_LIBRARIES} Threads::Threads)
    weir_use_pch(weir_${name} std)
  else()
    add_library(weir_${name} INTERFACE)
    target_include_directories(weir_${name} INTERFACE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(weir_${name} INTERFACE ${needs} ${M_LIBRARIES} Threads::Threads)
  endif()

  if(WEIR_TESTS AND M_TESTS)
    weir_test(${name} SOURCES ${M_TESTS} LIBRARIES weir_${name})
  endif()
endfunction()

function(weir_fuzz name)
  cmake_parse_arguments(F "" "" "NEEDS" ${ARGN})
  if(NOT WEIR_FUZZ)
    return()
  endif()
  list(TRANSFORM F_NEEDS PREPEND weir_ OUTPUT_VARIABLE needs)
  add_executable(${name}_fuzz ${name}_fuzz.cpp)
  target_include_directories(${name}_fuzz PRIVATE ${PROJECT_SOURCE_DIR}/test)
  target_link_libraries(${name}_fuzz PRIVATE ${needs})
  target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  weir_use_pch(${name}_fuzz std)
  add_dependencies(weir_fuzz_targets ${name}_fuzz)
endfunction()
