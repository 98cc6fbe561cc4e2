"""Request files of `orrery run FOLDER --requests FILE`, and what is asked when there is none.

One JSON object a line:
{"at":"1.5s","city":"Hanoi","method":"POST","url":"/x","headers":{},"body":"..."}. Only `url` is
required; a `body` that is not a text is sent as JSON. Empty lines and lines that begin with # are
skipped. Every complaint names the line.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from orrery.errors import UserError
from orrery.files import brief, parse_json, quoted, read_text
from orrery.places import shown
from orrery.times import parse_us

_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_KEYS = {"at", "city", "method", "url", "headers", "body"}
DEFAULT_CITY = "Frankfurt"
CITIES = ("Frankfurt", "Singapore", "Ashburn")
#: The file a project may carry beside its wrangler file for runs without --requests.
PROJECT_FILE = "requests.jsonl"
_GUESSES_MAX = 12


def read_requests(path: Path) -> list[dict[str, Any]]:
    """The requests of a file in the order of their times (equal times keep the file's order)."""
    requests = []
    for number, line in enumerate(read_text(path, "request file").split("\n"), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                requests.append(_request(parse_json(line.strip())))
            except ValueError as error:
                raise UserError(f"{shown(path)}, line {number}: {error}") from None
    if not requests:
        raise UserError(f"{shown(path)} holds no request")
    return sorted(requests, key=lambda request: request["at_us"])


def _request(line: Any) -> dict[str, Any]:
    """One line in normal form: at_us, city, method, url, headers as pairs, body as text or null."""
    if not isinstance(line, dict):
        raise ValueError("not a JSON object")
    for key in line:
        if key not in _KEYS:
            raise ValueError(f'unknown key {quoted(key)} (known: {", ".join(sorted(_KEYS))})')
    url = line.get("url")
    if not isinstance(url, str) or not (url.startswith("/") or re.match(r"https?://[^/]", url)):
        raise ValueError('"url" must be a path ("/x") or an http(s) address')
    method = line.get("method", "GET")
    if not isinstance(method, str) or not _METHOD.fullmatch(method):
        raise ValueError(f'"method" is not a method: {brief(repr(method))}')
    city = line.get("city", DEFAULT_CITY)
    if not isinstance(city, str) or not city:
        raise ValueError('"city" is not a name')
    headers = line.get("headers", {})
    if not isinstance(headers, dict) or not all(
        isinstance(value, str) for value in headers.values()
    ):
        raise ValueError('"headers" must be an object of texts')
    pairs = [[name, value] for name, value in headers.items()]
    body = line.get("body")
    if body is not None and not isinstance(body, str):
        body = json.dumps(body)
        if not any(name.lower() == "content-type" for name, _ in pairs):
            pairs.append(["content-type", "application/json"])
    if body is not None and method in ("GET", "HEAD"):
        raise ValueError(f"a {method} request cannot have a body")
    for text in (city, url, body or "", *(part for pair in pairs for part in pair)):
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise ValueError("a text holds half of a surrogate pair")
    return {
        "at_us": parse_us(line.get("at", 0)),
        "city": city,
        "method": method,
        "url": url,
        "headers": pairs,
        "body": body,
    }


def found_requests(folder: Path) -> tuple[list[dict[str, Any]], str]:
    """What to ask a project when nobody says: its own requests.jsonl, else GET / from three cities
    and one GET (or POST, where the source names it so) for each path that its source mentions.
    Returns the requests and a line that tells the user which it was.
    """
    own = folder / PROJECT_FILE
    if own.exists():
        return read_requests(own), f"requests from {shown(own)}"
    asked = [("GET", "/")] + [guess for guess in _mentioned(folder) if guess != ("GET", "/")]
    requests = []
    for index, (method, url) in enumerate(asked[:_GUESSES_MAX]):
        for step, city in enumerate(CITIES):
            requests.append(
                {
                    "at_us": index * 1_000_000 + step * 10_000,
                    "city": city,
                    "method": method,
                    "url": url,
                    "headers": [],
                    "body": "" if method == "POST" else None,
                }
            )
    names = ", ".join(f"{method} {url}" for method, url in asked[:_GUESSES_MAX])
    return requests, f"no request file given; asking what the source mentions: {names}"


_ROUTE = re.compile(r"""\.(get|post|put|delete|patch)\(\s*["'`](/[\w./-]*)["'`]""")
_PATH = re.compile(
    r"""===?\s*["'`](/[\w./-]*)["'`]|["'`](/[\w./-]*)["'`]\s*===?|case\s+["'`](/[\w./-]*)["'`]"""
)


def _mentioned(folder: Path) -> list[tuple[str, str]]:
    """(method, path) pairs in the project's sources: router calls and comparisons with a path."""
    found: dict[tuple[str, str], None] = {}
    for source in sorted(folder.rglob("*.[tj]s")):
        if {"node_modules", ".wrangler", "dist", "test", "tests"} & set(
            source.relative_to(folder).parts
        ):
            continue
        try:
            text = source.read_text(encoding="utf-8", errors="replace")[:1_000_000]
        except OSError:
            continue
        for match in _ROUTE.finditer(text):
            found[(match[1].upper(), match[2])] = None
        for match in _PATH.finditer(text):
            line = text[
                text.rfind("\n", 0, match.start())
                + 1 : (text.find("\n", match.end()) + 1 or len(text))
            ]
            method = "POST" if re.search(r"""["'`]POST["'`]""", line) else "GET"
            found[(method, match[1] or match[2] or match[3])] = None
    return list(found)
