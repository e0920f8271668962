# Profile-guided optimisation: what is shipped is compiled with counts of what runs how often (decision 0015).
#
# WEIR_PROFILE=use takes the counts from tools/profile.tar.xz, which `./dev profile` makes from a build with
# WEIR_PROFILE=record. Counts of a function whose code has changed since are ignored; it is compiled like code
# without counts. The counts name objects and sources without the folder of the checkout (tools/relative.sh).

set(WEIR_PROFILE "" CACHE STRING "counts of what runs how often: use, record, or nothing")
set(kept_counts ${PROJECT_SOURCE_DIR}/tools/profile.tar.xz)
set(portable -fprofile-prefix-path=${CMAKE_BINARY_DIR})
set(weir_profile_options "")
if(WEIR_PROFILE STREQUAL record)
  set(weir_profile_options -fprofile-generate=${CMAKE_BINARY_DIR}/counts -fprofile-update=atomic ${portable})
elseif(WEIR_PROFILE STREQUAL use)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION MATCHES "^12\\.")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${kept_counts})
    file(SHA256 ${kept_counts} version)
    string(SUBSTRING ${version} 0 12 version)  # other counts are another folder: all is compiled again
    set(counts ${CMAKE_BINARY_DIR}/counts/${version})
    if(NOT EXISTS ${counts})
      file(REMOVE_RECURSE ${CMAKE_BINARY_DIR}/counts)
      file(ARCHIVE_EXTRACT INPUT ${kept_counts} DESTINATION ${counts})
    endif()
    set(weir_profile_options -fprofile-use=${counts} ${portable}
      -fprofile-partial-training  # what never ran while counting is not made small
      -fprofile-correction -Wno-missing-profile -Wno-coverage-mismatch  # code may have changed since
      # What runs once for each call is hot too, beside the loops over a long body, whose counts are larger.
      --param=hot-bb-count-ws-permille=999)
    if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
      # Copies whose size was counted would become string instructions, which take longer to start than a
      # short copy lasts, and copy a long one more slowly than the library (decision 0017).
      set(by_library libcall:-1:noalign)
      list(APPEND weir_profile_options -mmemcpy-strategy=${by_library} -mmemset-strategy=${by_library})
    endif()
  else()
    message(STATUS "tools/profile.tar.xz holds counts of g++ 12: not used with this compiler")
  endif()
elseif(WEIR_PROFILE)
  message(FATAL_ERROR "WEIR_PROFILE is use, record or empty; not ${WEIR_PROFILE}")
endif()

add_compile_options(${weir_profile_options})
add_link_options(${weir_profile_options})
if(weir_profile_options)
  add_link_options(-Wno-stringop-overflow -Wno-stringop-overread)  # as in CMakeLists.txt: g++ 12 errs
endif()
