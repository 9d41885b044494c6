"""Puts lines of ours into a source tree of somebody else, at stated anchors.

An anchor is a short regular expression, and the file and the function (or struct) it must be found
in. It must be found there exactly once: a tree that is not the one the anchors were written for is
refused as a whole, before a single file is written.
"""

import os
import re
from dataclasses import dataclass


class AnchorError(Exception):
    """An anchor is not where it was stated to be, or is there more than once."""


@dataclass(frozen=True)
class Anchor:
    """`text` goes before or after the line of `path` in which `pattern` is found.

    `inside` names the function, request handler or struct; with None the whole file is searched.
    """

    path: str
    inside: str | None
    pattern: str
    place: str
    text: str

    def __str__(self):
        return f"{self.path}: {self.inside or 'the whole file'}: /{self.pattern}/"


def body_of(lines, name):
    """(first, last) line of the definition of `name`, both at the left edge; every match."""
    end = r"$" if name.startswith("struct ") else r"(?=\(|$)"
    head = re.compile(rf"^(?![ \t#}}/])(?:.*[ *])?{re.escape(name)}{end}(?!.*;\s*$)")
    found = []
    for first, line in enumerate(lines):
        if not head.search(line):
            continue
        opening = next((n for n in range(first, min(first + 12, len(lines)))
                        if lines[n].startswith("{")), None)
        between = lines[first:opening] if opening is not None else []
        if opening is None or any(text.rstrip().endswith(";") for text in between):
            continue
        last = next((n for n in range(opening, len(lines)) if lines[n].startswith("}")), None)
        if last is not None:
            found.append((first, last))
    return found


def only(found, anchor, what):
    if len(found) != 1:
        raise AnchorError(f"{anchor}: {what} found {len(found)} times, wanted once")
    return found[0]


def place_of(lines, anchor):
    """The index in `lines` before which the text goes."""
    first, last = 0, len(lines) - 1
    if anchor.inside:
        name = anchor.inside
        first, last = only(body_of(lines, name), anchor, f"'{name}'")
    hits = [n for n in range(first, last + 1) if re.search(anchor.pattern, lines[n])]
    return only(hits, anchor, "the anchor") + (anchor.place == "after")


def inserted(text, anchors):
    """`text` of one file with what all its anchors ask for."""
    lines = text.split("\n")
    additions = {}
    for anchor in anchors:
        additions.setdefault(place_of(lines, anchor), []).append(anchor.text)
    out = []
    for number, line in enumerate(lines):
        out += additions.get(number, [])
        out.append(line)
    return "\n".join(out)


def insert(tree, anchors, appended):
    """Applies `anchors`, then adds the files of `appended` ({path: text}) at the end."""
    paths = sorted({anchor.path for anchor in anchors} | set(appended))
    results = {}
    for path in paths:
        try:
            with open(os.path.join(tree, path), encoding="utf-8") as file:
                text = file.read()
        except OSError as error:
            raise AnchorError(f"{path}: {error.strerror}") from error
        own = [anchor for anchor in anchors if anchor.path == path]
        results[path] = inserted(text, own) + appended.get(path, "")
    for path, text in results.items():
        with open(os.path.join(tree, path), "w", encoding="utf-8") as file:
            file.write(text)
