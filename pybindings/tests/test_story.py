"""Which lines a failure shows."""

from orrery.story import LINES_MAX, focus, window

STORY = [f" {second:3d}.000000  do:Cart/42  line {second}" for second in range(100)]
HISTORY = [
    {"p": "a", "e": "invoke", "t": 10_000_000},
    {"p": "b", "e": "invoke", "t": 12_000_000},
    {"p": "a", "e": "ok", "t": 15_000_000},
    {"p": "b", "e": "ok", "t": 20_000_000},
    {"p": "a", "e": "invoke", "t": 99_000_000},
]


def test_a_witness_is_shown_from_its_first_question_to_its_last_answer():
    witness = {"operations": [{"line": 1, "text": "a reads 1"}, {"line": 2, "text": "b reads 0"}]}
    lines = focus(STORY, HISTORY, witness)
    assert lines[0].endswith("line 10") and lines[10].endswith("line 20")
    assert lines[11:] == [" the answers that no order explains:", " a reads 1", " b reads 0"]


def test_clients_that_are_not_of_the_witness_are_left_out():
    story = ["  10.000000  client/1  asks", "  11.000000  client/2  asks", "  12.000000  do:Cart/42  answers"]
    witness = {"operations": [{"line": 1, "p": "client/1#0"}]}
    history = [{"p": "client/1#0", "t": 0}, {"p": "client/1#0", "t": 99_000_000}]
    assert focus(story, history, witness) == [story[0], story[2]]


def test_without_a_witness_the_last_lines_are_shown_and_the_rest_counted():
    lines = focus(STORY, HISTORY, None)
    assert lines[0] == f"  ... {100 - LINES_MAX} lines" and lines[-1].endswith("line 99")
    assert len(lines) == LINES_MAX + 1


def test_a_long_window_keeps_its_beginning_and_its_end():
    history = [{"p": "a", "t": 0}, {"p": "a", "t": 98_000_000}]
    lines = focus(STORY, history, {"operations": [{"line": 1}]})
    assert lines[0].endswith("line 0") and lines[-1].endswith("line 98")
    assert len(lines) == LINES_MAX + 1


def test_an_operation_without_an_answer_counts_by_its_question():
    assert window(HISTORY, [{"line": 5}]) == (99_000_000, 99_000_000)
    assert window(HISTORY, [{"line": 77}, {}]) is None


def test_a_value_that_was_refused_is_shown_from_its_refusal_on():
    history = [
        {"p": "client/2#0", "e": "invoke", "f": "write", "k": "x", "v": 3, "t": 10_000_000},
        {"p": "client/2#0", "e": "fail", "f": "write", "k": "x", "t": 12_000_000},
        {"p": "client/1#0", "e": "invoke", "f": "read", "k": "x", "t": 20_000_000},
        {"p": "client/1#0", "e": "ok", "f": "read", "k": "x", "v": 3, "t": 21_000_000},
    ]
    lines = focus(STORY, history, {"operations": [{"line": 3, "p": "client/1#0", "text": "reads 3"}]})
    assert lines[0].endswith("line 10") and lines[11].endswith("line 21")
    assert lines[-2:] == [" refused before, so that it should not be seen:", " #0 client/2#0 write x 3"]
    history[1]["e"] = "ok"
    lines = focus(STORY, history, {"operations": [{"line": 3, "p": "client/1#0", "text": "reads 3"}]})
    assert lines == [STORY[20], STORY[21], " the answers that no order explains:", " reads 3"]
