"""Request files: read in order, and every complaint names the line."""

from __future__ import annotations

import pytest

from orrery.errors import UserError
from orrery.requests_file import found_requests, read_requests


def test_requests_come_in_the_order_of_their_times(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text(
        '# two\n{"at":"2s","url":"/b"}\n\n{"at":"500ms","city":"Hanoi","method":"POST","url":"/a","body":{"n":1}}\n{"at":2,"url":"/c"}\n'
    )
    first, second, third = read_requests(path)
    assert first == {
        "at_us": 500_000,
        "city": "Hanoi",
        "method": "POST",
        "url": "/a",
        "headers": [["content-type", "application/json"]],
        "body": '{"n": 1}',
    }
    assert (second["url"], third["url"], third["city"]) == ("/b", "/c", "Frankfurt")


@pytest.mark.parametrize(
    "line, complaint",
    [
        ("{", "line 2"),
        ("[]", "not a JSON object"),
        ('{"at":"1s"}', '"url"'),
        ('{"url":"x"}', '"url"'),
        ('{"url":"/","at":"soon"}', "soon"),
        ('{"url":"/","methid":"GET"}', 'unknown key "methid"'),
        ('{"url":"/","headers":{"a":1}}', '"headers"'),
        ('{"url":"/","body":"x"}', "cannot have a body"),
        ('{"url":"/","method":"G T"}', "not a method"),
        ('{"url":"/","url":"/"}', "twice"),
        ('{"url":"/","city":7}', '"city"'),
        ('{"url":"/","method":"POST","body":' + "[" * 300 + "]" * 300 + "}", "nested too deeply"),
        (r'{"url":"/\ud800"}', "surrogate"),
        (r'{"url":"/","city":"\udc00"}', "surrogate"),
        (r'{"url":"/","headers":{"a":"\ud800"}}', "surrogate"),
        (r'{"url":"/","method":"POST","body":"\ud800"}', "surrogate"),
        (r'{"url":"/","two\nlines":1}', r'unknown key "two\nlines"'),
        (r'{"url":"/","two\nlines":1,"two\nlines":2}', r'"two\nlines" appears twice'),
    ],
)
def test_a_wrong_line_is_named(tmp_path, line, complaint):
    path = tmp_path / "r.jsonl"
    path.write_text('{"url":"/ok"}\n' + line + "\n")
    with pytest.raises(UserError) as raised:
        read_requests(path)
    assert "r.jsonl, line 2: " in raised.value.message and complaint in raised.value.message


def test_an_empty_file_is_refused(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text("# nothing\n")
    with pytest.raises(UserError, match="holds no request"):
        read_requests(path)


def test_without_a_file_the_source_is_asked(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "x.js").write_text('if (p === "/not-mine") {}')
    (tmp_path / "src" / "index.ts").write_text(
        'if (url.pathname === "/inc" && request.method === "POST") {}\napp.get("/value", f)\ncase "/other":\n'
    )
    requests, remark = found_requests(tmp_path)
    asked = {(request["method"], request["url"]) for request in requests}
    assert asked == {("GET", "/"), ("POST", "/inc"), ("GET", "/value"), ("GET", "/other")}
    assert len({request["city"] for request in requests}) == 3 and "POST /inc" in remark


def test_a_projects_own_requests_go_first(tmp_path):
    (tmp_path / "requests.jsonl").write_text('{"url":"/mine"}\n')
    requests, remark = found_requests(tmp_path)
    assert [request["url"] for request in requests] == ["/mine"] and "requests.jsonl" in remark
