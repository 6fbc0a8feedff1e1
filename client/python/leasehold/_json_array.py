"""The elements of a JSON array, with their texts."""
import json
import re
from typing import Any, List, Tuple

_decoder = json.JSONDecoder(strict=False)
_blank = re.compile(r"[ \t\r\n]*")


def split_array(text: str) -> List[Tuple[Any, str]]:
    """Each element as Python reads it, and byte for byte. ValueError: the text is no array."""
    position = _skip(text, 0)
    if text[position : position + 1] != "[":
        raise ValueError("is no JSON array")
    elements: List[Tuple[Any, str]] = []
    position = _skip(text, position + 1)
    if text[position : position + 1] == "]":
        return elements
    while True:
        value, end = _decoder.raw_decode(text, position)
        elements.append((value, text[position:end]))
        position = _skip(text, end)
        separator = text[position : position + 1]
        position = _skip(text, position + 1)
        if separator == "]":
            return elements
        if separator != ",":
            raise ValueError("is no JSON array")


def _skip(text: str, position: int) -> int:
    match = _blank.match(text, position)
    assert match is not None
    return match.end()
