#!/usr/bin/python3
"""Makes pops.inc, delays.inc and jitter.inc from pops.csv. Run once by hand; the results are committed.

One-way delay between two points of presence = great-circle length / 200,000 km/s (light in
glass) x 1.4 (routes are not straight) + 1 ms (access and queues), rounded to whole microseconds.
All arithmetic is decimal with 40 digits, so any machine makes the same table.

Jitter: quantiles of a log-normal distribution with median 1 and sigma 0.8, in 1/256.

The time zone of a point of presence is that of the nearest principal city of the same country in
the IANA zone table (tz database, public domain), read from the system's zone.tab.
"""
import csv
import math
import pathlib
import sys
import unicodedata
from decimal import Decimal as D, getcontext

getcontext().prec = 40
HERE = pathlib.Path(__file__).resolve().parent.parent
PI = D("3.141592653589793238462643383279502884197")
EARTH_RADIUS_KM = D(6371)
KM_PER_US = D("0.2")
INFLATION = D("1.4")
BASE_US = 1000
LEAST_US = 300


def sine(x):
    term, total, n = x, x, 1
    while abs(term) > D("1e-38"):
        term = -term * x * x / ((n + 1) * (n + 2))
        total += term
        n += 2
    return total


def cosine(x):
    return sine(PI / 2 - x)


def arc_sine(x):
    """By Newton's method on sine, from a double's guess."""
    y = D(math.asin(float(x)))
    for _ in range(2):
        slope = (1 - sine(y) ** 2).sqrt()
        if slope < D("1e-10"):
            return PI / 2
        y -= (sine(y) - x) / slope
    return y


def unit_vector(lat, lon):
    a, b = D(lat) * PI / 180, D(lon) * PI / 180
    return cosine(a) * cosine(b), cosine(a) * sine(b), sine(a)


def distance_km(u, v):
    chord = sum((p - q) ** 2 for p, q in zip(u, v)).sqrt()
    return 2 * EARTH_RADIUS_KM * arc_sine(min(D(1), chord / 2))


def delay_us(u, v):
    us = distance_km(u, v) / KM_PER_US * INFLATION + BASE_US
    return max(LEAST_US, int(us.to_integral_value()))


def zones():
    def angle(text):
        sign = -1 if text[0] == "-" else 1
        digits = text[1:]
        degrees = 2 if len(digits) in (4, 6) else 3
        parts = [digits[:degrees], digits[degrees:degrees + 2], digits[degrees + 2:] or "0"]
        return sign * (D(parts[0]) + D(parts[1]) / 60 + D(parts[2]) / 3600)

    out = []
    for line in open("/usr/share/zoneinfo/zone.tab", encoding="utf-8"):
        if line.startswith("#"):
            continue
        country, place, name = line.split("\t")[:3]
        name = name.strip()
        cut = max(place.rfind("+"), place.rfind("-"))
        out.append((country, unit_vector(angle(place[:cut]), angle(place[cut:])), name))
    return out


def plain(text):
    """Lower case without diacritics, for looking a city up."""
    marks = unicodedata.normalize("NFD", text)
    return "".join(c for c in marks if not unicodedata.combining(c)).lower()


def normal_quantile(p):
    """Inverse of the normal distribution by bisection on a decimal series of erf."""
    lo, hi = D(-6), D(6)
    for _ in range(60):
        mid = (lo + hi) / 2
        x = mid / D(2).sqrt()
        term = total = x
        n = 0
        while abs(term) > D("1e-25"):
            n += 1
            term = -term * x * x / n
            total += term / (2 * n + 1)
        if (1 + 2 / PI.sqrt() * total) / 2 < p:
            lo = mid
        else:
            hi = mid
    return (lo + hi) / 2


def main():
    rows = list(csv.DictReader(open(HERE / "pops.csv", encoding="utf-8")))
    vectors = [unit_vector(r["lat"], r["lon"]) for r in rows]
    table = zones()
    with open(HERE / "pops.inc", "w", encoding="utf-8") as out:
        out.write("// Made by tools/make_delays.py from pops.csv: code, city, key, country, cca2, "
                  "region, lat, lon, hint, zone.\n")
        for r, v in zip(rows, vectors):
            near = [z for z in table if z[0] == r["cca2"]] or table
            zone = min(near, key=lambda z: (sum((p - q) ** 2 for p, q in zip(z[1], v)), z[2]))[2]
            fields = [r["iata"], r["city"], plain(r["city"]), r["country"], r["cca2"], r["region"],
                      r["lat"], r["lon"], r["nearest_do_hint_approx"], zone]
            out.write("{" + ", ".join('"%s"' % f for f in fields) + "},\n")
    with open(HERE / "delays.inc", "w") as out:
        out.write("// Made by tools/make_delays.py: one-way delays in microseconds, row i holds "
                  "those to rows 0 .. i-1.\n")
        for i in range(1, len(rows)):
            line = [str(delay_us(vectors[i], vectors[j])) for j in range(i)]
            out.write(",".join(line) + ",\n")
    steps = 1024
    with open(HERE / "jitter.inc", "w") as out:
        out.write("// Made by tools/make_delays.py: quantiles of a log-normal, median 1, sigma 0.8, "
                  "in 1/256.\n")
        values = []
        for i in range(steps):
            z = D(0) if i == steps // 2 else normal_quantile((D(i) + D("0.5")) / steps)
            values.append(int(((D("0.8") * z).exp() * 256).to_integral_value()))
        for i in range(0, steps, 16):
            out.write(",".join(map(str, values[i:i + 16])) + ",\n")
    print(len(rows), "points of presence", file=sys.stderr)


if __name__ == "__main__":
    main()
