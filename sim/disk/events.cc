#include "sim/disk/events.h"

namespace orrery::disk {

std::string Synced::text() const {
  return "sync of " + std::string(file) + ": " + std::to_string(writes) + " writes, " +
         std::to_string(bytes) + " bytes, file of " + std::to_string(size) +
         (durable ? "" : ", which the disk only claims to be durable");
}

std::string Crashed::text() const {
  return "after the crash the disk kept " + std::to_string(kept) + ", dropped " +
         std::to_string(dropped) + " and tore " + std::to_string(torn) +
         " unsynced sectors, and undid " + std::to_string(names_lost) + " name operations";
}

std::string FaultFired::text() const {
  return std::string("disk fault: ") + what + (file.empty() ? "" : " in " + std::string(file)) +
         " at byte " + std::to_string(offset);
}

}  // namespace orrery::disk
