// Mathematical functions of SQL with the same bits on every machine. The C library's differ between
// its versions and between processors; these use only + - * / and sqrt, which IEEE 754 fixes.
// Within a few units in the last place; trigonometric functions of arguments beyond 10^6 are exact
// about a rounded pi only.
#pragma once

#include <sqlite3.h>

namespace orrery::durable {

namespace math {
double exp(double x);
double ln(double x);
double log1p(double x);
double log2(double x);
double log10(double x);
double pow(double x, double y);
double sin(double x);
double cos(double x);
double tan(double x);
double atan(double x);
double atan2(double y, double x);
double asin(double x);
double acos(double x);
double sinh(double x);
double cosh(double x);
double tanh(double x);
double asinh(double x);
double acosh(double x);
double atanh(double x);
}  // namespace math

// Puts them in place of SQLite's functions of the same names on this connection. Functions that
// IEEE fixes already (sqrt, floor, ceil, trunc, mod, degrees, radians, pi) stay.
void install_sql_math(sqlite3* db);

}  // namespace orrery::durable
