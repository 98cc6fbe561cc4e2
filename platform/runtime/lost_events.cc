// Events that can never be answered. A handler may await what nobody can settle any more, `new Promise(() => {})`; the
// real runtime finds that out when the promise is collected as garbage. Here whoever runs the object says when to look
// (the object has been still for a while), and the look is a whole garbage collection at that point of the run: what it
// finds does not depend on when V8 would have collected by itself. It finds garbage exactly: the engine's collector looks
// at handles and objects alone, not at what the C++ stack happens to hold.
#include "platform/runtime/isolate_state.h"
#include "platform/runtime/v8_strings.h"

namespace orrery::runtime {

TurnResult Isolate::settle_lost_events(ContextId id) {
  State& s = *state_;
  s.held_weakly.clear();
  {
    Entry entry(s);
    v8::Local<v8::Value> argv[] = {v8::Integer::NewFromUnsigned(s.isolate, static_cast<uint32_t>(id))};
    (void)s.call_quietly(kHookHoldWeakly, 1, argv);
  }
  {
    v8::Isolate::Scope scope(s.isolate);
    s.isolate->ClearKeptObjects();
    s.isolate->LowMemoryNotification();
  }
  return s.run(id, kHookSettleLost, [&](v8::Local<v8::Value>* argv) {
    std::vector<v8::Local<v8::Value>> events, promises;
    for (const State::HeldWeakly& held : s.held_weakly) {
      events.push_back(v8::Integer::NewFromUnsigned(s.isolate, held.event));
      promises.push_back(held.promise.IsEmpty() ? v8::Undefined(s.isolate).As<v8::Value>()
                                                : held.promise.Get(s.isolate));
    }
    s.held_weakly.clear();
    argv[0] = v8::Integer::NewFromUnsigned(s.isolate, static_cast<uint32_t>(id));
    argv[1] = v8::Array::New(s.isolate, events.data(), events.size());
    argv[2] = v8::Array::New(s.isolate, promises.data(), promises.size());
    return 3;
  });
}

}  // namespace orrery::runtime
