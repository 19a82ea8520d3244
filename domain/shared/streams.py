"""Names of streams: a category and the natural key of what the stream is about.

`invoice/406/0000611365` is the invoice 0000611365 of company 406. A slash inside a key is
written %2F (and a percent sign %25), so that a name can always be taken apart again.
"""

from functools import lru_cache


def stream_name(category: str, *key: str) -> str:
    """Return the name of the stream of `category` about `key`."""
    name = "/".join((category, *key))
    if name.count("/") == len(key) and "%" not in name:
        return name
    return "/".join((category, *(part.replace("%", "%25").replace("/", "%2F") for part in key)))


@lru_cache(maxsize=4_096)
def stream_key(stream: str) -> tuple[str, ...]:
    """Return the natural key in the name of a stream, without its category."""
    parts = stream.split("/")[1:]
    if "%" not in stream:
        return tuple(parts)
    return tuple(part.replace("%2F", "/").replace("%25", "%") for part in parts)


def stream_category(stream: str) -> str:
    """Return the category in the name of a stream."""
    return stream.partition("/")[0]
