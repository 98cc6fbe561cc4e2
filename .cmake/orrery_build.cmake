# Build settings and the three helper functions every room uses.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
# Assertions (ORRERY_CHECK) stay on in every build type; floating point is never contracted, so that
# results do not depend on the machine's FMA.
add_compile_options(-Wall -Wextra -Werror -ffp-contract=off -fno-strict-aliasing)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")

# ORRERY_SANITIZE: AddressSanitizer and UndefinedBehaviorSanitizer over everything of ours; the first finding ends the
# process. ORRERY_FUZZ: the same, and libFuzzer's counters (conformance/fuzz_targets; clang only).
option(ORRERY_SANITIZE "build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(ORRERY_FUZZ "build the fuzz targets" OFF)
if(ORRERY_SANITIZE OR ORRERY_FUZZ)
  # V8 is built without RTTI, which the vptr check needs.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(ORRERY_FUZZ)
  # SQLite calls functions through pointers of other types.
  add_compile_options(-fsanitize=fuzzer-no-link -fno-sanitize=function)
elseif(ORRERY_SANITIZE)
  set(CMAKE_CXX_FLAGS_RELEASE "-O1 -g1")
  set(CMAKE_C_FLAGS_RELEASE "-O1 -g1")
endif()
if(ORRERY_SANITIZE OR ORRERY_FUZZ)
  # Warnings are the ordinary build's business: through the sanitizers' code g++ sees some that are none.
  add_compile_options(-Wno-error)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# orrery_library(NAME SOURCES ... DEPS ...): a room's static library.
function(orrery_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS})
endfunction()

# orrery_test(NAME SOURCES ... DEPS ...): a GoogleTest program, run by ctest as one test. Its own sources are optimised less
# than the rooms': they are half of what a clean build compiles.
function(orrery_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gtest_main GTest::gmock rapidcheck)
  add_test(NAME ${name} COMMAND ${name})
  # Properties draw from a fixed seed, so that a test run is a function of the tree alone. To look further,
  # start the program by hand: RC_PARAMS="seed=7 max_success=10000" ./sim_net_test
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "RC_PARAMS=seed=20261121")
endfunction()

# orrery_benchmark(NAME SOURCES ... DEPS ...): a Google Benchmark program, listed by `orrery bench`.
function(orrery_benchmark name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} benchmark::benchmark_main)
endfunction()
