"""Every case of the Worker beside this file, and what it must see (platform.md 10)."""

import orrery

CASES = {
    "values": [
        "grüße",
        [255, 7],
        0,
        "grüße",
        "from a stream",
        {"value": {"a": [1]}, "metadata": {"by": "me"}, "cacheStatus": "HIT"},
        "",
        None,
        None,
        "[object KvNamespace]",
    ],
    "bulk": [
        [["b2", "2"], ["nope", None], ["b1", "1"]],
        [["b2", {"value": 2, "metadata": ""}], ["nope", {"value": None, "metadata": None}]],
        "Error: KV GET_BULK failed: 400 You can request a maximum of 100 keys",
        "Error: KV GET_BULK failed: 400 At least one of the requested keys corresponds to a non-json value",
        'Error: KV GET_BULK failed: 400 "stream" is not a valid type. Use "json" or "text"',
    ],
    "errors": [
        "TypeError: Key name cannot be empty.",
        'TypeError: "." is not allowed as a key name.',
        'TypeError: ".." is not allowed as a key name.',
        "Error: KV GET failed: 414 UTF-8 encoded length of 514 exceeds key length limit of 512.",
        "TypeError: KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values.",
        'TypeError: Unknown response type. Possible types are "text", "arrayBuffer", "json", and "stream".',
        "SyntaxError: Unexpected token g in JSON at position 0",
        "Error: KV PUT failed: 400 Invalid expiration_ttl of 59. Expiration TTL must be at least 60.",
        "Error: KV GET failed: 400 Invalid cache_ttl of 10. Cache TTL must be at least 30.",
        "Error: KV PUT failed: 413 Metadata length of 1025 exceeds limit of 1024.",
        "Error: KV LIST failed: 400 Invalid key_count_limit of 1001. Please specify an integer less than 1000.",
        'DOMException: Could not serialize object of type "KvNamespace". This type does not support serialization.',
    ],
    "rate": [
        "Error: KV PUT failed: 429 Too Many Requests",
        "Error: KV DELETE failed: 429 Too Many Requests",
        "1",
    ],
    "list": [
        [{"name": "l:a", "metadata": {"key": "l:a"}}, {"name": "l:b", "metadata": {"key": "l:b"}}],
        False,
        ["l:é"],
        True,
    ],
    "object": ["get", "durable", "put"],
    "remove": None,
}


@orrery.scenario(app=".", pops=["FRA", "SIN"])
async def kv_cases(world: orrery.World) -> None:
    client = world.client(near="Frankfurt")
    for name, expected in CASES.items():
        response = await client.get(f"/{name}")
        seen = response.json() if response.ok else response.text()
        world.check.that(seen == expected, f"{name}: {seen!r}", rule="KV-API")
        await world.sleep("2s")
    await world.sleep("60s")
    world.check.that(world.kv["KV"]["hot"] == b"1", "world.kv shows another value", rule="KV-API")
    world.check.that("text" not in world.kv["KV"], "world.kv shows a deleted key", rule="KV-API")
