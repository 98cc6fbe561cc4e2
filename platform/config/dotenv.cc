#include "platform/config/dotenv.h"

#include <cctype>

namespace orrery::config {

namespace {

bool is_key_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) {
    text.remove_suffix(1);
  }
  return text;
}

std::string with_line_breaks(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (text[i] == '\\' && (next == 'n' || next == 'r')) {
      out += next == 'n' ? '\n' : '\r';
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

// The value at the start of `rest`; leaves in `rest` what follows it.
std::string take_value(std::string_view& rest) {
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
  if (!rest.empty() && (rest.front() == '"' || rest.front() == '\'' || rest.front() == '`')) {
    const char quote = rest.front();
    const size_t end = rest.find(quote, 1);
    if (end != std::string_view::npos) {
      const std::string_view inside = rest.substr(1, end - 1);
      rest.remove_prefix(end + 1);
      const size_t line_end = rest.find('\n');
      rest.remove_prefix(line_end == std::string_view::npos ? rest.size() : line_end + 1);
      return quote == '"' ? with_line_breaks(inside) : std::string(inside);
    }
  }
  const size_t line_end = rest.find('\n');
  std::string_view line = rest.substr(0, line_end);
  rest.remove_prefix(line_end == std::string_view::npos ? rest.size() : line_end + 1);
  if (const size_t comment = line.find('#'); comment != std::string_view::npos) {
    line = line.substr(0, comment);
  }
  return std::string(trimmed(line));
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_dotenv(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  while (!text.empty()) {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) {
      text.remove_prefix(1);
    }
    std::string_view rest = text;
    if (rest.substr(0, 7) == "export ") rest = trimmed(rest.substr(7));
    size_t length = 0;
    while (length < rest.size() && is_key_char(rest[length])) ++length;
    const std::string key(rest.substr(0, length));
    rest.remove_prefix(length);
    while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
    if (key.empty() || rest.empty() || rest.front() != '=') {
      const size_t line_end = text.find('\n');
      text.remove_prefix(line_end == std::string_view::npos ? text.size() : line_end + 1);
      continue;
    }
    rest.remove_prefix(1);
    std::string value = take_value(rest);
    text = rest;
    bool known = false;
    for (auto& [old_key, old_value] : out) {
      if (old_key != key) continue;
      old_value = value;
      known = true;
    }
    if (!known) out.emplace_back(key, std::move(value));
  }
  return out;
}

}  // namespace orrery::config
