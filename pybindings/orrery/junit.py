"""Results as JUnit XML, for the CI systems that read it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from orrery.files import write_whole

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Verdicts that mean the run could not be judged, as against judged and found wrong.
_ERRORS = ("crash", "not metered", "error", "drift", "unknown")


def write_junit(path: Path, document: dict[str, Any]) -> None:
    """Writes the result document's scenarios as one test suite; one test case each."""
    scenarios = document["scenarios"]
    failed = [scenario for scenario in scenarios if scenario["verdict"] != "pass"]
    errors = [scenario for scenario in failed if scenario["verdict"] in _ERRORS]
    suite = ElementTree.Element(
        "testsuite",
        name="orrery",
        tests=str(len(scenarios)),
        failures=str(len(failed) - len(errors)),
        errors=str(len(errors)),
        skipped="0",
        time=f"{document['seconds']:.3f}",
    )
    for scenario in scenarios:
        classname = scenario["target"].partition("::")[0].removesuffix(".py").replace("/", ".")
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=_clean(classname),
            name=_clean(scenario["name"]),
            time=f"{scenario['seconds']:.3f}",
        )
        if scenario["verdict"] == "pass":
            continue
        tag = "error" if scenario["verdict"] in _ERRORS else "failure"
        element = ElementTree.SubElement(
            case, tag, type=_clean(scenario["verdict"]), message=_clean(_headline(scenario))
        )
        element.text = _clean("\n\n".join(_text(failure) for failure in scenario["failures"]))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    write_whole(
        path,
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        + ElementTree.tostring(root, encoding="unicode")
        + "\n",
    )


def _headline(scenario: dict[str, Any]) -> str:
    if scenario["failures"]:
        first = scenario["failures"][0]
        return f"{first['rule']}: {first['reason']} (seed {first['seed']})"
    if scenario["expected"]:
        return f"the expected finding {scenario['expected']} was not found in {scenario['seeds']} seeds"
    return scenario["verdict"]


def _text(failure: dict[str, Any]) -> str:
    lines = [
        f"{failure['rule']}: {failure['reason']}",
        f"seed {failure['seed']}",
        *failure.get("story", []),
    ]
    if failure.get("capsule"):
        lines.append(f"./orrery replay {failure['capsule']}")
    return "\n".join(lines)


def _clean(text: str) -> str:
    """XML has no way to say most control characters, not even escaped."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", str(text))
