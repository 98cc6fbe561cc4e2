// What needs a turn of an object: an event, an answer, a timer, the parts of a critical section. Each waits
// at the input gate, is put into the object's ready list with its lock, runs once and is gone.
#pragma once

#include "platform/durable/actor/actor.h"
#include "platform/durable/actor/errors.h"
#include "platform/durable/actor/object_host.h"
#include "platform/worker/settle.h"
#include "sim/core/task.h"

namespace orrery::durable {

class Actor::Work : public GateWaiter, public Pooled {
 public:
  explicit Work(Actor& a) : actor(a), next_(a.works_) {
    if (next_) next_->link_ = &next_;
    link_ = &a.works_;
    a.works_ = this;
  }
  ~Work() override {
    *link_ = next_;
    if (next_) next_->link_ = link_;
  }
  // Runs the turn; the lock is `actor.current_lock_`.
  virtual void run() = 0;
  // The object ended before the turn.
  virtual void lost() {}

  void granted(GateLock l) override { actor.make_ready(*this, std::move(l)); }
  void broken(const runtime::ErrorInfo&) override {
    // The object is being reset; `end` tells everything that still waits.
  }

  Work* next() const { return next_; }

  Actor& actor;
  GateLock lock;
  // Of those that enter and leave sections, when: in halves of the time that leaving a section takes the real runtime's
  // event loop (it goes by while the clock stands still). 0: of no section.
  uint64_t hop = 0;

 private:
  Work* next_;
  Work** link_;
};

struct Actor::ConstructWork final : Work {
  using Work::Work;
  void run() override;
};

struct Actor::EventWork final : Work {
  EventWork(Actor& a, const net::Caller& c, Ref<const worker::ObjectMessage> m)
      : Work(a), caller(c), message(std::move(m)) {}
  void run() override;
  // Once its turn began, the event is among those in flight and answered with them.
  void lost() override {
    if (!begun) caller.reply(actor.end_answer(bool(message->request)));
  }
  bool begun = false;
  net::Caller caller;
  Ref<const worker::ObjectMessage> message;
};

// Answers from within a turn, without JavaScript, through the output gate.
struct Actor::ProbeWork final : Work {
  ProbeWork(Actor& a, const net::Caller& c) : Work(a), caller(c) {}
  void run() override;
  void lost() override { caller.reply(worker::AnswerMessage::of_error(actor.end_error_)); }
  net::Caller caller;
};

struct Actor::SettleWork final : Work {
  SettleWork(Actor& a, runtime::OperationId o, Ref<const worker::AnswerMessage> m)
      : Work(a), operation(o), answer(std::move(m)) {}
  void run() override;
  runtime::OperationId operation;
  Ref<const worker::AnswerMessage> answer;
};

struct Actor::TimerWork final : Work {
  TimerWork(Actor& a, runtime::TimerId t) : Work(a), timer(t) {}
  void run() override;
  runtime::TimerId timer;
};

struct Actor::EnterSectionWork final : Work {
  EnterSectionWork(Actor& a, runtime::SectionId s) : Work(a), section(s) {}
  void granted(GateLock l) override {
    hop = actor.hop_ + kEnterHops;
    Work::granted(std::move(l));
  }
  void run() override;
  runtime::SectionId section;
};

struct Actor::LeaveSectionWork final : Work {
  LeaveSectionWork(Actor& a, runtime::SectionId s) : Work(a), section(s) {}
  void run() override;
  runtime::SectionId section;
};

struct Actor::SocketWork final : Work {
  SocketWork(Actor& a, uint32_t e) : Work(a), end(e) {}
  void run() override;
  uint32_t end;
};

struct Actor::ReleasedWork final : Work {
  ReleasedWork(Actor& a, uint32_t n, bool r) : Work(a), number(n), is_result(r) {}
  void run() override;
  uint32_t number;
  bool is_result;
};

template <class Enter>
void Actor::turn(const char* why, Enter&& enter) {
  in_turn_ = true;
  ++turns_;
  runtime::TurnResult result = worker_.turn(*this, why, enter);
  in_turn_ = false;
  if (state_ == State::kEnded) return;
  if (result.kind == runtime::TurnKind::kCrashed) return crashed();
  if (result.kind == runtime::TurnKind::kTerminatedCpu) {
    worker_.give_up_isolate(worker::IsolateEnd::kCpu);
    end(cpu_exceeded(), "it used up its CPU time");
  }
  // At once, so that nothing the cut-off turn wrote is committed.
  if (result.kind == runtime::TurnKind::kTerminatedMemory)
    end(memory_exceeded(), "its isolate went over the memory limit");
}

}  // namespace orrery::durable
