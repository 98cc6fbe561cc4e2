// libFuzzer's way into the target named by ORRERY_TARGET.
#include "conformance/fuzz_targets/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  orrery::fuzz_targets::ORRERY_TARGET({data, size});
  return 0;
}
