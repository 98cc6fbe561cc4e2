// Structured clone: the fast path makes the same bytes as V8's serializer.
#include <gtest/gtest.h>

#include <cstdlib>

#include "platform/runtime/tests/fake_host.h"

namespace orrery::runtime {
namespace {

// Goal: storage and RPC bytes do not depend on the path. Method: each small value alone against the same value
// written by V8 itself.
TEST(Clone, WritesSmallValuesAsV8Does) {
  Rig rig("export default {};");
  v8::Isolate* i = rig.isolate.v8_isolate();
  v8::Isolate::Scope scope(i);
  v8::HandleScope handles(i);
  v8::Local<v8::Context> c = v8::Context::New(i);
  v8::Context::Scope entered(c);
  for (const char* text : {"0", "1", "-1", "63", "64", "2147483647", "-2147483648", "2147483648", "0.5", "-0", "NaN",
                           "true", "false", "null", "undefined", "''", "'text'", "'\\u00e4'", "'x'.repeat(200)",
                           "'\\u20ac'", "[1,'a']", "({a:1})", "new Map([[1,2]])", "10n", "new Date(5)"}) {
    v8::Local<v8::Value> value =
        v8::Script::Compile(c, v8::String::NewFromUtf8(i, text).ToLocalChecked()).ToLocalChecked()->Run(c).ToLocalChecked();
    v8::ValueSerializer plain(i);
    plain.WriteHeader();
    ASSERT_TRUE(plain.WriteValue(c, value).FromMaybe(false));
    const std::pair<uint8_t*, size_t> expected = plain.Release();
    const Ref<Buffer> ours = serialize(i, c, value);
    ASSERT_TRUE(ours);
    EXPECT_EQ(ours->text(), std::string_view(reinterpret_cast<char*>(expected.first), expected.second)) << text;
    std::free(expected.first);
    v8::Local<v8::Value> back = deserialize(i, c, ours->bytes()).ToLocalChecked();
    if (value->IsObject()) continue;
    EXPECT_TRUE(back->SameValue(value)) << text;
  }
}

TEST(Clone, ThrowsADataCloneError) {
  Rig rig("export default { fetch() { try { structuredClone(() => {}); } catch (e) { return new Response([e instanceof DOMException, e.name, e.message].join('|')); } } };");
  EXPECT_EQ(rig.get(), "true|DataCloneError|() => {} could not be cloned.");
}

TEST(Clone, RefusesBrokenBytes) {
  Rig rig("export default {};");
  v8::Isolate* i = rig.isolate.v8_isolate();
  v8::Isolate::Scope scope(i);
  v8::HandleScope handles(i);
  v8::Local<v8::Context> c = v8::Context::New(i);
  v8::Context::Scope entered(c);
  for (const std::string& bytes : {std::string("\xff\x0f\"\x7f", 4), std::string("\xff\x0fN", 3), std::string("\xff\x0f", 2), std::string()}) {
    v8::TryCatch quiet(i);
    EXPECT_TRUE(deserialize(i, c, {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}).IsEmpty());
  }
}

}  // namespace
}  // namespace orrery::runtime
