// Internationalised domain names as the URL standard uses them: UTS46 processing over ICU's tables.
//
// Settings (URL standard, "domain to ASCII"): non-transitional, CheckBidi and CheckJoiners always on;
// CheckHyphens, UseSTD3ASCIIRules and VerifyDnsLength only when strict. A handful of code points whose
// mapping changed in Unicode 16 are brought up to date here, for ICU 72 carries Unicode 15.
// Pure functions; the ICU object behind them is made once and never changes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace orrery::web {

// The ASCII form of a UTF-8 domain, or nothing when processing fails. The result may be empty (a domain
// of ignored code points only), which callers treat as a failure.
std::optional<std::string> domain_to_ascii(std::string_view utf8, bool be_strict);

// The Unicode form in UTF-8. Errors are ignored: labels that cannot be converted stay as they are.
std::string domain_to_unicode(std::string_view utf8);

}  // namespace orrery::web
