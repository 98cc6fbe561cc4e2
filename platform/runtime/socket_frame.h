// One message of a WebSocket, its close frame, or the word that the connection is lost: immutable, shared by all on
// its way.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/core/ref.h"

namespace orrery::runtime {

struct SocketFrame final : RefCounted {
  enum class What : uint8_t { kText, kBinary, kClose, kLost };
  What what = What::kText;
  Ref<Buffer> data;     // of a message; text is UTF-8
  uint16_t code = 0;    // of a close frame; 1005: it had none
  std::string reason;
  // Which end sent it, and its place among what that end sent, from 1; 0: nobody did.
  uint64_t sender = 0;
  uint32_t number = 0;

  size_t size() const { return data ? data->size() : reason.size(); }
  // Nothing follows it.
  bool ends() const { return what == What::kClose || what == What::kLost; }

  // For stories.
  std::string shown() const {
    switch (what) {
      case What::kText: return std::string(data->text().substr(0, 80));
      case What::kBinary: return std::to_string(size()) + " bytes";
      case What::kClose: return "close " + std::to_string(code) + (reason.empty() ? "" : " " + reason);
      case What::kLost: break;
    }
    return "connection lost";
  }

  static Ref<SocketFrame> message(What what, Ref<Buffer> data) {
    auto frame = make_ref<SocketFrame>();
    frame->what = what;
    frame->data = std::move(data);
    return frame;
  }
  static Ref<SocketFrame> close(uint16_t code, std::string_view reason) {
    auto frame = make_ref<SocketFrame>();
    frame->what = What::kClose;
    frame->code = code;
    frame->reason = reason;
    return frame;
  }
  static Ref<SocketFrame> lost() {
    auto frame = make_ref<SocketFrame>();
    frame->what = What::kLost;
    return frame;
  }
};

}  // namespace orrery::runtime
