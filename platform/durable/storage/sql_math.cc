#include "platform/durable/storage/sql_math.h"

#include <bit>
#include <cmath>  // tidy: only what IEEE 754 makes exact (fabs, floor, sqrt, ...)
#include <cstdint>
#include <limits>

namespace orrery::durable::math {

namespace {

constexpr double kLn2High = 6.93147180369123816490e-01;  // the upper 33 bits
constexpr double kLn2Low = 1.90821492927058770002e-10;
constexpr double kLn2 = 0.69314718055994530942;
constexpr double kLn10 = 2.30258509299404568402;
constexpr double kPi = 3.14159265358979323846;
// pi / 2 in three parts of 33 bits each: multiples up to 2^20 of the first two are exact.
constexpr double kHalfPi1 = 1.57079632673412561417e+00;
constexpr double kHalfPi2 = 6.07710050630396597660e-11;
constexpr double kHalfPi3 = 2.02226624879595063154e-21;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// 2^exponent, for exponents of normal numbers.
double power_of_two(int exponent) {
  return std::bit_cast<double>(static_cast<uint64_t>(1023 + exponent) << 52);
}

// x * 2^exponent, exact but for overflow and underflow.
double scale(double x, int exponent) {
  for (; exponent > 1000; exponent -= 1000) x *= power_of_two(1000);
  for (; exponent < -1000; exponent += 1000) x *= power_of_two(-1000);
  return x * power_of_two(exponent);
}

// x = m * 2^e with m in [sqrt(1/2), sqrt(2)); x positive and finite.
double split(double x, int& e) {
  e = 0;
  if (x < std::numeric_limits<double>::min()) { x *= 18014398509481984.0; e = -54; }
  uint64_t bits = std::bit_cast<uint64_t>(x);
  e += static_cast<int>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0xfffffffffffffull) | (uint64_t{1023} << 52));
  if (m > 1.41421356237309504880) { m *= 0.5; ++e; }
  return m;
}

double log_series(double s) {  // 2 artanh(s), |s| <= 0.18
  double t = s * s, sum = 0;
  for (int k = 23; k >= 3; k -= 2) sum = (sum + 1.0 / k) * t;
  return 2 * s + 2 * s * sum;
}

double sine_series(double r) {  // |r| <= pi / 4
  double t = r * r, sum = 0;
  for (int k = 19; k >= 3; k -= 2) sum = (1.0 - sum) * t / (k * (k - 1.0));
  return r - r * sum;
}
double cosine_series(double r) {
  double t = r * r, sum = 0;
  for (int k = 20; k >= 2; k -= 2) sum = (1.0 - sum) * t / (k * (k - 1.0));
  return 1.0 - sum;
}

// Brings x into [-pi/4, pi/4]; answers the quarter turn it was in.
int reduce(double x, double& r) {
  if (std::fabs(x) > 1e6) x = std::fmod(x, 2 * kPi);  // fmod is exact by definition
  double n = std::floor(x / (kPi / 2) + 0.5);
  r = ((x - n * kHalfPi1) - n * kHalfPi2) - n * kHalfPi3;
  return static_cast<int>(static_cast<int64_t>(n) & 3);
}

bool infinite(double x) { return x == kInfinity || x == -kInfinity; }

}  // namespace

double exp(double x) {
  if (x != x) return x;
  if (x > 709.79) return kInfinity;
  if (x < -745.2) return 0;
  double n = std::floor(x / kLn2 + 0.5);
  double r = (x - n * kLn2High) - n * kLn2Low;
  double sum = 0;
  for (int k = 15; k >= 2; --k) sum = (1.0 + sum) * r / k;
  return scale(1.0 + (r + r * sum), static_cast<int>(n));
}

double ln(double x) {
  if (x != x || x < 0) return kNan;
  if (x == 0) return -kInfinity;
  if (infinite(x)) return x;
  int e;
  double m = split(x, e);
  double series = log_series((m - 1) / (m + 1));
  return e * kLn2High + (series + e * kLn2Low);
}

double log1p(double x) {
  if (std::fabs(x) < 0.25) return log_series(x / (2 + x));
  return ln(1 + x);
}

double log2(double x) {
  if (!(x > 0) || infinite(x)) return ln(x);
  int e;
  double m = split(x, e);
  return m == 1 ? e : e + log_series((m - 1) / (m + 1)) / kLn2;
}

double log10(double x) {
  double l = ln(x) / kLn10;
  // Powers of ten come out whole.
  double whole = std::floor(l + 0.5);
  if (whole >= 0 && whole <= 22 && pow(10, whole) == x) return whole;
  return l;
}

double pow(double x, double y) {
  if (y == 0 || x == 1) return 1;
  if (x != x || y != y) return kNan;
  bool whole = std::floor(y) == y;
  bool odd = whole && std::fabs(y) < 9007199254740992.0 && std::fmod(y, 2) != 0;
  if (whole && std::fabs(y) <= 64) {
    double result = 1, power = x;
    for (auto n = static_cast<uint32_t>(std::fabs(y)); n; n >>= 1) {
      if (n & 1) result *= power;
      if (n > 1) power *= power;
    }
    return y < 0 ? 1 / result : result;
  }
  if (x < 0 && !whole && !infinite(x)) return kNan;
  if (x == 0) return y < 0 ? (odd ? 1 / x : kInfinity) : (odd ? x : 0);
  if (y == 0.5) return std::sqrt(x);
  double size = std::fabs(x);
  if (size == 1) return odd && x < 0 ? -1 : 1;
  double result = exp(y * ln(size));
  return x < 0 && odd ? -result : result;
}

double sin(double x) {
  if (x != x || infinite(x)) return kNan;
  double r;
  switch (reduce(x, r)) {
    case 0: return sine_series(r);
    case 1: return cosine_series(r);
    case 2: return -sine_series(r);
    default: return -cosine_series(r);
  }
}

double cos(double x) {
  if (x != x || infinite(x)) return kNan;
  double r;
  switch (reduce(x, r)) {
    case 0: return cosine_series(r);
    case 1: return -sine_series(r);
    case 2: return -cosine_series(r);
    default: return sine_series(r);
  }
}

double tan(double x) { return sin(x) / cos(x); }

double atan(double x) {
  if (x != x) return x;
  if (std::fabs(x) > 1) return (x > 0 ? kPi / 2 : -kPi / 2) - atan(1 / x);
  // Halve the angle twice, then the series.
  double y = x / (1 + std::sqrt(1 + x * x));
  y = y / (1 + std::sqrt(1 + y * y));
  double t = y * y, sum = 0;
  for (int k = 27; k >= 3; k -= 2) sum = (1.0 / k - sum) * t;
  return 4 * (y - y * sum);
}

double atan2(double y, double x) {
  if (x != x || y != y) return kNan;
  bool y_negative = std::signbit(y), x_negative = std::signbit(x);
  double result;
  if (y == 0) {
    result = x_negative ? kPi : 0;
  } else if (x == 0) {
    result = kPi / 2;
  } else if (infinite(x) && infinite(y)) {
    result = x_negative ? 3 * kPi / 4 : kPi / 4;
  } else {
    double a = atan(std::fabs(y / x));
    result = x_negative ? kPi - a : a;
  }
  return y_negative ? -result : result;
}

double asin(double x) {
  if (!(std::fabs(x) <= 1)) return kNan;
  return atan2(x, std::sqrt((1 - x) * (1 + x)));
}
double acos(double x) {
  if (!(std::fabs(x) <= 1)) return kNan;
  return atan2(std::sqrt((1 - x) * (1 + x)), x);
}

double sinh(double x) {
  if (std::fabs(x) < 0.5) {
    double t = x * x, sum = 0;
    for (int k = 17; k >= 3; k -= 2) sum = (1.0 + sum) * t / (k * (k - 1.0));
    return x + x * sum;
  }
  double a = std::fabs(x);
  double e = exp(a / 2);  // in two factors: exp alone overflows too early
  double result = a > 20 ? 0.5 * e * e : 0.5 * (exp(a) - exp(-a));
  return x < 0 ? -result : result;
}
double cosh(double x) {
  if (std::fabs(x) > 20) {
    double e = exp(std::fabs(x) / 2);
    return 0.5 * e * e;
  }
  return 0.5 * (exp(x) + exp(-x));
}
double tanh(double x) {
  if (std::fabs(x) > 20) return x > 0 ? 1 : -1;
  return sinh(x) / cosh(x);
}
double asinh(double x) {
  double a = std::fabs(x);
  double result = a > 1e8 ? ln(a) + kLn2 : log1p(a + a * a / (1 + std::sqrt(a * a + 1)));
  return x < 0 ? -result : result;
}
double acosh(double x) {
  if (!(x >= 1)) return kNan;
  return x > 1e8 ? ln(x) + kLn2 : log1p((x - 1) + std::sqrt((x - 1) * (x + 1)));
}
double atanh(double x) {
  if (!(std::fabs(x) <= 1)) return kNan;
  double a = std::fabs(x);
  double result = 0.5 * log1p(2 * a / (1 - a));
  return x < 0 ? -result : result;
}

}  // namespace orrery::durable::math

namespace orrery::durable {

namespace {

using One = double (*)(double);
using Two = double (*)(double, double);

// NULL unless the argument is a number, as SQLite's own functions do.
bool number(sqlite3_value* v, double& out) {
  int type = sqlite3_value_numeric_type(v);
  if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) return false;
  out = sqlite3_value_double(v);
  return true;
}

template <One kFunction>
void call_one(sqlite3_context* context, int, sqlite3_value** arguments) {
  double x;
  if (number(arguments[0], x)) sqlite3_result_double(context, kFunction(x));
}
template <Two kFunction>
void call_two(sqlite3_context* context, int, sqlite3_value** arguments) {
  double x, y;
  if (number(arguments[0], x) && number(arguments[1], y))
    sqlite3_result_double(context, kFunction(x, y));
}
// Logarithms of what is not positive are NULL.
template <One kFunction>
void call_log(sqlite3_context* context, int, sqlite3_value** arguments) {
  double x;
  if (number(arguments[0], x) && x > 0) sqlite3_result_double(context, kFunction(x));
}
void log_to_base(sqlite3_context* context, int, sqlite3_value** arguments) {
  double base, x;
  if (!number(arguments[0], base) || !number(arguments[1], x) || x <= 0 || base <= 0) return;
  double b = math::ln(base);
  if (b <= 0) return;
  double result = base == 2 ? math::log2(x) : base == 10 ? math::log10(x) : math::ln(x) / b;
  sqlite3_result_double(context, result);
}

}  // namespace

void install_sql_math(sqlite3* db) {
  using Function = void (*)(sqlite3_context*, int, sqlite3_value**);
  struct Entry {
    const char* name;
    int arguments;
    Function function;
  };
  static constexpr Entry kEntries[] = {
      {"acos", 1, call_one<math::acos>},    {"acosh", 1, call_one<math::acosh>},
      {"asin", 1, call_one<math::asin>},    {"asinh", 1, call_one<math::asinh>},
      {"atan", 1, call_one<math::atan>},    {"atan2", 2, call_two<math::atan2>},
      {"atanh", 1, call_one<math::atanh>},  {"cos", 1, call_one<math::cos>},
      {"cosh", 1, call_one<math::cosh>},    {"exp", 1, call_one<math::exp>},
      {"ln", 1, call_log<math::ln>},        {"log", 1, call_log<math::log10>},
      {"log", 2, log_to_base},              {"log10", 1, call_log<math::log10>},
      {"log2", 1, call_log<math::log2>},    {"pow", 2, call_two<math::pow>},
      {"power", 2, call_two<math::pow>},    {"sin", 1, call_one<math::sin>},
      {"sinh", 1, call_one<math::sinh>},    {"tan", 1, call_one<math::tan>},
      {"tanh", 1, call_one<math::tanh>},
  };
  for (const Entry& e : kEntries)
    sqlite3_create_function_v2(db, e.name, e.arguments,
                               SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, nullptr,
                               e.function, nullptr, nullptr, nullptr);
}

}  // namespace orrery::durable
