"""Generated object programs give here what real workerd gave (conformance/fuzz)."""

import json

from orrery import fuzz
from real import Real

#: How many there are at least.
AT_LEAST = 190

SCRIPT = """
import json
from orrery import fuzz
known = fuzz.known_differences()
here = fuzz.Here()
programs = fuzz.recorded(here)
told = [[one.program, one.workerd, one.here, one.same, fuzz.explain(one, known)] for one in programs]
print(json.dumps([here.broken, told]))
"""


def test_generated_programs_give_what_workerd_gave(tmp_path):
    ended = Real(tmp_path).python(SCRIPT, seconds=120)
    assert ended.code == 0, ended.err
    broken, programs = json.loads(ended.out)
    assert not broken
    assert len(programs) >= AT_LEAST
    unexplained = [
        f"{json.dumps(program)}\n  workerd {json.dumps(workerd)}\n  here    {json.dumps(here)}"
        for program, workerd, here, same, why in programs
        if not same and why is None
    ]
    assert not unexplained, "\n".join(unexplained)


def test_every_known_difference_has_a_reason():
    assert all(known.why for known in fuzz.known_differences())
