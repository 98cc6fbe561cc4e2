"""Spans and rates: what users write is read exactly, and everything else is refused."""

from datetime import timedelta

import pytest

from orrery.times import parse_rate, parse_us, show_span, show_us


@pytest.mark.parametrize(
    "span, us",
    [
        ("5s", 5_000_000),
        ("250ms", 250_000),
        ("1m30s", 90_000_000),
        ("14d", 1_209_600_000_000),
        ("1.5s", 1_500_000),
        (".5s", 500_000),
        ("7us", 7),
        ("3", 3_000_000),
        (2, 2_000_000),
        (0.1, 100_000),
        (1e-6, 1),
        (timedelta(milliseconds=3), 3_000),
        (" 10 s ", 10_000_000),
    ],
)
def test_a_span_is_whole_microseconds(span, us):
    assert parse_us(span) == us


@pytest.mark.parametrize(
    "span",
    [
        "",
        "s",
        "5 parsecs",
        "-1s",
        -1,
        "1h30",
        "1s2",
        None,
        True,
        float("nan"),
        float("inf"),
        "1e9d",
    ],
)
def test_what_is_not_a_span_is_refused_with_a_message_that_quotes_it(span):
    with pytest.raises(ValueError, match="span of time"):
        parse_us(span)


@pytest.mark.parametrize(
    "rate, parts",
    [
        ("200/s", (200, 1_000_000)),
        ("90/m", (90, 60_000_000)),
        (5, (5, 1_000_000)),
        ("0.5/s", (5, 10_000_000)),
        (2.5, (25, 10_000_000)),
    ],
)
def test_a_rate_is_a_count_in_a_span(rate, parts):
    assert parse_rate(rate) == parts


@pytest.mark.parametrize("rate", ["fast", "0/s", "-3/s", "", 0])
def test_what_is_not_a_rate_is_refused(rate):
    with pytest.raises(ValueError, match="not a rate"):
        parse_rate(rate)


def test_times_are_shown_in_full():
    assert show_us(4112) == "0.004112"
    assert [show_span(us) for us in (250_000, 30_000_000, 300_000_000, 7, 1_500_001)] == [
        "250 ms",
        "30 s",
        "5 min",
        "7 us",
        "1.500001 s",
    ]
