#include "pybindings/module/build_hash.h"

#include <dlfcn.h>

#include <fstream>
#include <iterator>

#include "sim/core/trace.h"

namespace orrery::python {

// The module file itself is hashed: equal code gives an equal hash wherever it was built alike.
std::string build_hash() {
  static const std::string hash = [] {
    Dl_info info;
    if (!dladdr(reinterpret_cast<void*>(&build_hash), &info) || !info.dli_fname)
      return std::string(16, '0');
    std::ifstream file(info.dli_fname, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    return hex64(hash_bytes(bytes));
  }();
  return hash;
}

}  // namespace orrery::python
