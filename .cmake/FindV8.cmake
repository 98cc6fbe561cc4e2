# Finds the V8 that Debian's libnode carries: first in the system, then under V8_ROOT (a prefix the
# launcher unpacks when another vendor's Node.js owns the system's headers). Defines V8::V8.
if(NOT V8_ROOT AND EXISTS ${CMAKE_SOURCE_DIR}/.build/deps/v8/usr/include/node/v8.h)
  set(V8_ROOT ${CMAKE_SOURCE_DIR}/.build/deps/v8)
endif()
find_library(V8_LIBRARY NAMES node libnode.so.108
  HINTS ${V8_ROOT}/usr/lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu)
# The headers must be those of the library, never another vendor's under the same path.
get_filename_component(V8_LIBRARY_DIR "${V8_LIBRARY}" DIRECTORY)
find_path(V8_INCLUDE_DIR v8.h HINTS ${V8_LIBRARY_DIR}/../../include/node NO_DEFAULT_PATH)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(V8 REQUIRED_VARS V8_LIBRARY V8_INCLUDE_DIR)
if(V8_FOUND AND NOT TARGET V8::V8)
  add_library(V8::V8 SHARED IMPORTED)
  set_target_properties(V8::V8 PROPERTIES
    IMPORTED_LOCATION ${V8_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${V8_INCLUDE_DIR})
endif()
