// Local secrets of a project: `.dev.vars` or, when there is none, `.env` files.
#pragma once

#include <filesystem>
#include <vector>

#include "platform/config/bindings.h"

namespace orrery::config {

/// Puts the secrets behind the bindings; a secret replaces a var of the same name. Which file holds
/// follows wrangler: `.dev.vars.ENV` else `.dev.vars`; without either, `.env`, `.env.ENV`,
/// `.env.local`, `.env.ENV.local`, later ones over earlier ones. An unreadable file is an error in
/// the findings.
void add_secrets(const std::filesystem::path& folder, const std::string& environment,
                 std::vector<PlacedBinding>& bindings, Findings& findings);

}  // namespace orrery::config
