// What a run has used: every Durable Object that ever started, so that each can be asked for later.
#pragma once

#include <map>
#include <string>

#include "platform/cloud.h"

namespace orrery::live {

class UseWatch {
 public:
  struct Object {
    std::string class_name;
    runtime::ObjectId id;
    std::string name;
    uint64_t key;
  };
  explicit UseWatch(Cloud& cloud);
  // By printable name.
  const std::map<std::string, Object>& objects() const { return objects_; }

 private:
  Cloud& cloud_;
  std::map<std::string, Object> objects_;
};

}  // namespace orrery::live
