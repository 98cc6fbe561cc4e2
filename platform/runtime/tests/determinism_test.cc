// Goal: nothing of the machine's circumstances reaches JavaScript. Method: the digest program runs in fresh
// processes under other time zones, locales, CPU variants of glibc and without address randomisation; its one
// line must not change.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace {

std::string digest_under(const std::string& prefix, const std::string& mode = "") {
  const std::string command = prefix + " " RUNTIME_DIGEST " " + mode + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  char line[256] = {};
  std::string out;
  while (fgets(line, sizeof line, pipe)) out += line;
  const int status = pclose(pipe);
  return status == 0 ? out : "failed: " + out;
}

TEST(Determinism, DoesNotDependOnWhenTheIsolatesWereMade) {
  EXPECT_EQ(digest_under("env", "spare"), digest_under("env"));
}

TEST(Determinism, DoesNotDependOnTheProcessesSurroundings) {
  const std::string plain = digest_under("env");
  ASSERT_EQ(plain.size(), 17u) << plain;
  EXPECT_EQ(digest_under("env"), plain);
  EXPECT_EQ(digest_under("env TZ=Asia/Hanoi LANG=de_DE.UTF-8 LC_ALL=fr_FR.UTF-8 LC_MESSAGES=ja_JP.UTF-8"), plain);
  EXPECT_EQ(digest_under("env -i"), plain);
  EXPECT_EQ(digest_under("env GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-AVX2,-AVX2_Usable,-FMA_Usable"), plain);
  EXPECT_EQ(digest_under("env A=" + std::string(5000, 'x')), plain) << "the stack begins elsewhere";
  if (std::system("setarch -R true > /dev/null 2>&1") == 0) {
    EXPECT_EQ(digest_under("setarch -R"), plain);
  }
}

}  // namespace
