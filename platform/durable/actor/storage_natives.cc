#include "platform/durable/actor/storage_natives.h"

#include <algorithm>

#include "platform/durable/actor/actor_replica.h"
#include "platform/durable/actor/alarm_handling.h"
#include "platform/durable/actor/alarm_natives.h"
#include "platform/durable/actor/events.h"
#include "platform/durable/actor/object_host.h"
#include "platform/durable/actor/replica_natives.h"
#include "platform/durable/storage/kv_limits.h"
#include "platform/durable/storage/limits.h"
#include "platform/runtime/clone.h"
#include "platform/runtime/isolate.h"
#include "platform/runtime/v8_strings.h"

namespace orrery::durable {

namespace {

using Arguments = const v8::FunctionCallbackInfo<v8::Value>&;
using runtime::Isolate;

constexpr const char* kForeignObject =
    "Cannot perform I/O on behalf of a different Durable Object. I/O objects (such as streams, "
    "request/response bodies, and others) created in the context of one Durable Object cannot be "
    "accessed from a different Durable Object in the same isolate. This is a limitation of "
    "Cloudflare Workers which allows us to improve overall performance.";

void throw_error(v8::Isolate* isolate, StorageError::Kind kind, std::string_view text) {
  v8::Local<v8::String> message = runtime::from_utf8(isolate, text);
  isolate->ThrowException(kind == StorageError::Kind::kTypeError
                              ? v8::Exception::TypeError(message)
                          : kind == StorageError::Kind::kRangeError
                              ? v8::Exception::RangeError(message)
                              : v8::Exception::Error(message));
}

// The object named by the first argument, or null with an exception pending.
Actor* actor_of(Arguments info) {
  Isolate& isolate = Isolate::from(info);
  auto* context = static_cast<worker::EventContext*>(isolate.current_context_data());
  auto* actor = dynamic_cast<Actor*>(context);
  if (!actor || !info[0]->IsUint32() ||
      info[0].As<v8::Uint32>()->Value() != actor->number()) {
    throw_error(info.GetIsolate(), StorageError::Kind::kError, kForeignObject);
    return nullptr;
  }
  if (!isolate.host_call()) return nullptr;
  if (actor->ended()) {
    throw_error(info.GetIsolate(), StorageError::Kind::kError,
                "Durable Object storage is no longer accessible.");
    return nullptr;
  }
  return actor;
}

// The same, and it may write.
Actor* writer_of(Arguments info) {
  Actor* actor = actor_of(info);
  if (!actor || !actor->is_replica()) [[likely]] return actor;
  throw_error(info.GetIsolate(), StorageError::Kind::kError, kReplicaWrites);
  return nullptr;
}

// True when `error` was set and is now pending in JavaScript.
bool failed(Arguments info, const StorageError& error) {
  if (!error) return false;
  throw_error(info.GetIsolate(), error.kind, error.message);
  return true;
}

// While it lives, the statements of an object are paid for by the running turn.
class Metered final : public SqlMeter {
 public:
  Metered(Arguments info, Actor& actor) : isolate_(Isolate::from(info)), actor_(actor) {
    actor_.database().set_meter(this);
  }
  ~Metered() override { actor_.database().set_meter(nullptr); }
  Metered(const Metered&) = delete;
  // One step of SQLite's machine costs about what one meter unit stands for.
  bool charge() override { return isolate_.charge(kSqlStepsPerCharge); }

 private:
  Isolate& isolate_;
  Actor& actor_;
};

std::string key_at(Arguments info, int index) {
  return runtime::to_wtf8(info.GetIsolate(), info[index]);
}

// The limits on keys of a class that no SQLite stands behind (section 4).
StorageError check_key(const Actor& actor, std::string_view key) {
  return actor.has_sql() ? StorageError{} : check_key_bytes(key.size());
}

bool value_of(Arguments info, std::span<const uint8_t> bytes, v8::Local<v8::Value>& out) {
  v8::Isolate* isolate = info.GetIsolate();
  return runtime::deserialize(isolate, isolate->GetCurrentContext(), bytes).ToLocal(&out);
}

void storage_get(Arguments info) {
  Actor* actor = actor_of(info);
  if (!actor) return;
  std::string key = key_at(info, 1);
  StorageError error = check_key(*actor, key);
  if (failed(info, error)) return;
  auto bytes = actor->database().get(key, error);
  if (failed(info, error) || !bytes) return;
  v8::Local<v8::Value> value;
  if (value_of(info, *bytes, value)) info.GetReturnValue().Set(value);
}

// Collects [key, value, ...].
class FlatRows final : public ObjectDatabase::Receiver {
 public:
  explicit FlatRows(Arguments info) : info_(info) {}
  bool row(std::string_view key, std::span<const uint8_t> value) override {
    v8::Local<v8::Value> v;
    if (!value_of(info_, value, v)) {
      thrown_ = true;
      return false;
    }
    items_.push_back(runtime::from_utf8(info_.GetIsolate(), key));
    items_.push_back(v);
    return true;
  }
  bool thrown() const { return thrown_; }
  v8::Local<v8::Array> array() {
    return v8::Array::New(info_.GetIsolate(), items_.data(), items_.size());
  }

 private:
  Arguments info_;
  std::vector<v8::Local<v8::Value>> items_;
  bool thrown_ = false;
};

void storage_get_many(Arguments info) {
  Actor* actor = actor_of(info);
  if (!actor || !info[1]->IsArray()) return;
  v8::Isolate* isolate = info.GetIsolate();
  auto wanted = info[1].As<v8::Array>();
  std::vector<std::string> keys;
  for (uint32_t i = 0; i < wanted->Length(); ++i) {
    v8::Local<v8::Value> key;
    if (!wanted->Get(isolate->GetCurrentContext(), i).ToLocal(&key)) return;
    keys.push_back(runtime::to_wtf8(isolate, key));
  }
  if (!actor->has_sql() && failed(info, check_pairs(keys.size()))) return;
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  FlatRows rows(info);
  for (const std::string& key : keys) {
    StorageError error = check_key(*actor, key);
    if (failed(info, error)) return;
    auto bytes = actor->database().get(key, error);
    if (failed(info, error)) return;
    if (bytes && !rows.row(key, *bytes)) return;
  }
  info.GetReturnValue().Set(rows.array());
}

void storage_put(Arguments info) {
  Actor* actor = writer_of(info);
  if (!actor) return;
  v8::Isolate* isolate = info.GetIsolate();
  Ref<Buffer> value = runtime::serialize(isolate, isolate->GetCurrentContext(), info[2]);
  if (!value) return;
  // Serialising runs getters; one of them may have ended the object.
  if (!actor_of(info)) return;
  std::string key = key_at(info, 1);
  if (failed(info, check_key(*actor, key))) return;
  if (!actor->has_sql() && failed(info, check_value_bytes(value->size()))) return;
  if (failed(info, actor->database().put(key, value->bytes()))) return;
  actor->wrote("put", key, !info[3]->IsTrue());
}

// Throws what storing the value would, and stores nothing.
void storage_converts(Arguments info) {
  v8::Isolate* isolate = info.GetIsolate();
  runtime::serialize(isolate, isolate->GetCurrentContext(), info[0]);
}

void storage_delete(Arguments info) {
  Actor* actor = writer_of(info);
  if (!actor) return;
  std::string key = key_at(info, 1);
  StorageError error = check_key(*actor, key);
  if (failed(info, error)) return;
  bool existed = actor->database().remove(key, error);
  if (failed(info, error)) return;
  if (actor->database().in_transaction()) actor->wrote("delete", key, !info[2]->IsTrue());
  info.GetReturnValue().Set(existed);
}

// The options of a list, in the arguments behind the object.
ListOptions list_options(Arguments info) {
  ListOptions options;
  auto text = [&](int index, std::optional<std::string>& out) {
    if (!info[index]->IsUndefined()) out = key_at(info, index);
  };
  text(1, options.start);
  text(2, options.start_after);
  text(3, options.end);
  text(4, options.prefix);
  options.reverse = info[5]->IsTrue();
  if (info[6]->IsNumber()) {
    double limit = info[6].As<v8::Number>()->Value();
    options.limit = limit >= 1e15 ? UINT64_MAX : static_cast<uint64_t>(limit);
  }
  return options;
}

void storage_list(Arguments info) {
  Actor* actor = actor_of(info);
  if (!actor) return;
  ListOptions options = list_options(info);
  FlatRows rows(info);
  Metered metered(info, *actor);
  if (failed(info, actor->database().list(options, rows)) || rows.thrown()) return;
  info.GetReturnValue().Set(rows.array());
}

// Gives the number of a list whose rows are asked for one by one, 0 when it has none.
void storage_list_open(Arguments info) {
  Actor* actor = actor_of(info);
  if (!actor) return;
  StorageError error;
  Metered metered(info, *actor);
  uint32_t number = actor->database().open_list(list_options(info), error);
  if (!failed(info, error)) info.GetReturnValue().Set(number);
}

void storage_list_next(Arguments info) {
  Actor* actor = actor_of(info);
  if (!actor || !info[1]->IsUint32()) return;
  std::string_view key;
  std::span<const uint8_t> bytes;
  StorageError error;
  Metered metered(info, *actor);
  bool more = actor->database().next_of_list(info[1].As<v8::Uint32>()->Value(), key, bytes, error);
  if (failed(info, error) || !more) return;
  FlatRows row(info);
  if (row.row(key, bytes)) info.GetReturnValue().Set(row.array());
}

void storage_delete_all(Arguments info) {
  Actor* actor = writer_of(info);
  if (!actor) return;
  const bool keep_alarm = !Isolate::from(info).app().has_flag("delete_all_deletes_alarm");
  Actor::Alarms& alarms = actor->alarms();
  if (actor->object_host().options().weaken.delete_all_keeps) return;
  if (failed(info, actor->database().delete_all(keep_alarm))) return;
  if (!keep_alarm) alarms.deleting_with_the_rest();
  actor->keep_replicas();
  actor->wrote("deleteAll", keep_alarm ? std::string_view() : kAlarmToo, true);
  // The database is another one from here on, whatever becomes of the turn (3.9).
  actor->commit_now();
}

void storage_savepoint(Arguments info) {
  Actor* actor = actor_of(info);
  if (!actor) return;
  uint32_t what = info[1]->IsUint32() ? info[1].As<v8::Uint32>()->Value() : 0;
  failed(info, actor->savepoint(static_cast<Actor::Savepoint>(what & 3)));
}

void storage_has_sql(Arguments info) {
  if (Actor* actor = actor_of(info)) info.GetReturnValue().Set(actor->has_sql());
}

// How many pairs one call is about to put or delete.
void storage_pairs(Arguments info) {
  Actor* actor = actor_of(info);
  if (!actor || actor->has_sql() || !info[1]->IsUint32()) return;
  failed(info, check_pairs(info[1].As<v8::Uint32>()->Value()));
}

void storage_transaction_ended(Arguments info) {
  if (Actor* actor = actor_of(info)) actor->transaction_ended();
}

void storage_sync(Arguments info) {
  Actor* actor = actor_of(info);
  if (!actor || !info[1]->IsUint32()) return;
  Isolate::from(info).operation_begun();
  actor->sync(info[1].As<v8::Uint32>()->Value());
}

// storageBookmark(actor, operation, what): what: nothing for that of now, a number of milliseconds, or a bookmark to begin
// the next start with.
void storage_bookmark(Arguments info) {
  Actor* actor = actor_of(info);
  if (!actor || !info[1]->IsUint32()) return;
  Isolate::from(info).operation_begun();
  const auto operation = info[1].As<v8::Uint32>()->Value();
  if (info[2]->IsNumber()) return actor->bookmark_for_time(operation, static_cast<int64_t>(info[2].As<v8::Number>()->Value()));
  if (info[2]->IsString()) return actor->restore_at_start(operation, runtime::to_utf8(info.GetIsolate(), info[2]));
  actor->current_bookmark(operation);
}

void storage_next_turn(Arguments info) {
  Actor* actor = actor_of(info);
  if (!actor || !info[1]->IsUint32()) return;
  Isolate::from(info).operation_begun();
  actor->next_turn(info[1].As<v8::Uint32>()->Value());
}

// ---- SQL ----

// Views into JavaScript memory are copied: a statement may outlive the call.
struct Binding {
  std::vector<std::string> texts;
  std::vector<std::vector<uint8_t>> blobs;
  std::vector<SqlValue> values;
};

bool read_bindings(Arguments info, v8::Local<v8::Array> given, Binding& out) {
  v8::Isolate* isolate = info.GetIsolate();
  uint32_t count = given->Length();
  out.texts.reserve(count);
  out.blobs.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    v8::Local<v8::Value> v;
    if (!given->Get(isolate->GetCurrentContext(), i).ToLocal(&v)) return false;
    if (v->IsNullOrUndefined()) {
      out.values.emplace_back(std::monostate{});
    } else if (v->IsNumber()) {
      out.values.emplace_back(v.As<v8::Number>()->Value());  // numbers bind as REAL
    } else if (v->IsString()) {
      out.texts.push_back(runtime::to_wtf8(isolate, v));
      out.values.emplace_back(std::string_view(out.texts.back()));
    } else if (v->IsBigInt()) {
      isolate->ThrowException(v8::Exception::TypeError(
          runtime::one_byte(isolate, "Cannot convert a BigInt value to a number")));
      return false;
    } else if (v->IsSharedArrayBuffer()) {
      auto store = v.As<v8::SharedArrayBuffer>()->GetBackingStore();
      auto* data = static_cast<const uint8_t*>(store->Data());
      out.blobs.emplace_back(data, data + store->ByteLength());
      out.values.emplace_back(std::span<const uint8_t>(out.blobs.back()));
    } else if (v->IsArrayBuffer() || v->IsArrayBufferView()) {
      runtime::with_bytes(v, [&](const uint8_t* data, size_t size) {
        out.blobs.emplace_back(data, data + size);
      });
      out.values.emplace_back(std::span<const uint8_t>(out.blobs.back()));
    } else {
      v8::Local<v8::String> text;  // as the real runtime does: anything else becomes text
      if (!v->ToString(isolate->GetCurrentContext()).ToLocal(&text)) return false;
      out.texts.push_back(runtime::to_wtf8(isolate, text));
      out.values.emplace_back(std::string_view(out.texts.back()));
    }
  }
  return true;
}

v8::Local<v8::Value> to_js(v8::Isolate* isolate, const SqlValue& value) {
  if (const auto* d = std::get_if<double>(&value)) return v8::Number::New(isolate, *d);
  if (const auto* i = std::get_if<int64_t>(&value))
    return v8::Number::New(isolate, static_cast<double>(*i));
  if (const auto* s = std::get_if<std::string_view>(&value)) return runtime::from_utf8(isolate, *s);
  if (const auto* b = std::get_if<std::span<const uint8_t>>(&value))
    return runtime::new_array_buffer(isolate, b->data(), b->size());
  return v8::Null(isolate);
}

void sql_exec(Arguments info) {
  Actor* actor = actor_of(info);
  if (!actor || !info[2]->IsArray()) return;
  Binding bindings;
  if (!read_bindings(info, info[2].As<v8::Array>(), bindings)) return;
  if (!actor_of(info)) return;  // converting a binding runs user code
  std::string sql = key_at(info, 1);
  StorageError error;
  Metered metered(info, *actor);
  uint64_t writes = actor->database().writes();
  auto cursor = actor->database().exec(sql, bindings.values, error);
  // Statements before a failing one may have written.
  if (actor->database().writes() != writes) actor->wrote("sql", sql, true);
  if (failed(info, error)) return;
  info.GetReturnValue().Set(actor->keep_cursor(std::move(cursor)));
}

SqlCursor* cursor_of(Arguments info, Actor* actor) {
  SqlCursor* cursor = info[1]->IsUint32()
                          ? actor->cursor(info[1].As<v8::Uint32>()->Value())
                          : nullptr;
  if (!cursor)
    throw_error(info.GetIsolate(), StorageError::Kind::kError, "SQL cursor is closed.");
  return cursor;
}

void sql_columns(Arguments info) {
  Actor* actor = actor_of(info);
  SqlCursor* cursor = actor ? cursor_of(info, actor) : nullptr;
  if (!cursor) return;
  std::vector<v8::Local<v8::Value>> names;
  for (const std::string& name : cursor->columns())
    names.push_back(runtime::from_utf8(info.GetIsolate(), name));
  info.GetReturnValue().Set(v8::Array::New(info.GetIsolate(), names.data(), names.size()));
}

void sql_next(Arguments info) {
  Actor* actor = actor_of(info);
  SqlCursor* cursor = actor ? cursor_of(info, actor) : nullptr;
  if (!cursor) return;
  std::vector<SqlValue> row;
  StorageError error;
  Metered metered(info, *actor);
  bool more = cursor->next(row, error);
  if (failed(info, error) || !more) return;
  std::vector<v8::Local<v8::Value>> values;
  for (const SqlValue& v : row) values.push_back(to_js(info.GetIsolate(), v));
  info.GetReturnValue().Set(v8::Array::New(info.GetIsolate(), values.data(), values.size()));
}

void sql_statistics(Arguments info) {
  Actor* actor = actor_of(info);
  SqlCursor* cursor = actor ? cursor_of(info, actor) : nullptr;
  if (!cursor) return;
  bool written = info[2]->IsUint32() && info[2].As<v8::Uint32>()->Value() == 1;
  info.GetReturnValue().Set(
      static_cast<double>(written ? cursor->rows_written() : cursor->rows_read()));
}

void sql_database_size(Arguments info) {
  if (Actor* actor = actor_of(info))
    info.GetReturnValue().Set(static_cast<double>(actor->database().database_size()));
}

constexpr runtime::NativeFunction kNatives[] = {
    {"storageGet", storage_get},
    {"storageGetMany", storage_get_many},
    {"storagePut", storage_put},
    {"storageConverts", storage_converts},
    {"storageDelete", storage_delete},
    {"storageList", storage_list},
    {"storageListOpen", storage_list_open},
    {"storageListNext", storage_list_next},
    {"storageDeleteAll", storage_delete_all},
    {"storageSavepoint", storage_savepoint},
    {"storageHasSql", storage_has_sql},
    {"storagePairs", storage_pairs},
    {"storageTransactionEnded", storage_transaction_ended},
    {"storageSync", storage_sync},
    {"storageNextTurn", storage_next_turn},
    {"storageBookmark", storage_bookmark},
    {"storageReplicas", storage_replicas},
    {"storageIsReplica", storage_is_replica},
    {"storagePrimary", storage_primary},
    {"storageWaitForBookmark", storage_wait_for_bookmark},
    {"alarmGet", alarm_get},
    {"alarmSet", alarm_set},
    {"alarmNoRetry", alarm_no_retry},
    {"sqlExec", sql_exec},
    {"sqlColumns", sql_columns},
    {"sqlNext", sql_next},
    {"sqlStatistics", sql_statistics},
    {"sqlDatabaseSize", sql_database_size},
};

}  // namespace

Actor* calling_actor(Arguments info) { return actor_of(info); }
Actor* calling_writer(Arguments info) { return writer_of(info); }
bool throw_storage_error(Arguments info, const StorageError& error) { return failed(info, error); }

std::span<const runtime::NativeFunction> storage_natives() { return kNatives; }

}  // namespace orrery::durable
