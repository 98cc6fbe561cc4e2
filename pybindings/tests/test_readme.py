"""The README tells the truth: its tour is run, and must print what the README says."""

import tour


def test_the_tour_has_its_blocks():
    assert len(tour.blocks()) >= 5


# In order and in one test: later commands use the files of earlier ones.
def test_every_command_of_the_tour_prints_what_the_readme_says():
    for command, expected in tour.blocks():
        actual = tour.run(command)
        assert tour.matches(tour.comparable(expected), tour.comparable(actual)), (
            f"{command} prints something else now; `python3 pybindings/tests/tour.py` writes it anew:\n{actual}"
        )


def test_a_changed_line_is_noticed():
    assert tour.matches(["a", "...", "z"], ["a", "b", "c", "z"])
    assert not tour.matches(["a", "...", "z"], ["a", "b", "y"])
    assert tour.comparable("x: pass  in 0.04 s") == tour.comparable("x: pass in 12 s")
