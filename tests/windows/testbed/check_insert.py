#!/usr/bin/env python3
"""Lines go where the anchors say, and a tree the anchors do not fit is left as it is."""

import os
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
sys.dont_write_bytecode = True
from insert import Anchor, AnchorError, insert  # noqa: E402
from tapwine import Tap  # noqa: E402

SOURCE = """\
static int add( int a,
                int b );
struct pair
{
    int one;
};

static struct pair *make_pair( void )
{
    return 0;
}

static int add( int a,
                int b )
{
    int sum = a;
    sum += b;
    sum += 0;
    return sum;
}

HANDLER(add)
{
    add( 1, 2 );
}
"""


def result(anchors, appended=None):
    """What becomes of SOURCE; the error and the text after it."""
    with tempfile.TemporaryDirectory() as tree:
        paths = {name: os.path.join(tree, name) for name in ("a.c", "b.c")}
        for path in paths.values():
            with open(path, "w", encoding="utf-8") as file:
                file.write(SOURCE)
        error = None
        try:
            insert(tree, anchors, appended or {})
        except AnchorError as problem:
            error = str(problem)
        with open(paths["a.c"], encoding="utf-8") as file:
            return error, file.read()


def line_after(text, line):
    lines = text.splitlines()
    return lines[lines.index(line) + 1]


def places(tap):
    _, text = result([Anchor("a.c", "add", "int sum", "after", "NEW;")])
    tap.check("after its line", line_after(text, "    int sum = a;") == "NEW;", text)
    _, text = result([Anchor("a.c", "add", "return sum", "before", "NEW;")])
    tap.check("before its line", line_after(text, "NEW;") == "    return sum;", text)
    _, text = result([Anchor("a.c", "struct pair", "int one", "after", "int two;")])
    tap.check("in a struct, not in what returns one",
              line_after(text, "    int one;") == "int two;", text)
    _, text = result([Anchor("a.c", "HANDLER(add)", r"add\(", "before", "NEW;")])
    tap.check("in a handler, not in the function of that name",
              line_after(text, "NEW;") == "    add( 1, 2 );", text)
    _, text = result([Anchor("a.c", "add", "int sum", "after", "ONE;"),
                      Anchor("a.c", "add", "int sum", "after", "TWO;")], {"a.c": "END\n"})
    tap.check("two at one place, in order; the rest at the end",
              line_after(text, "ONE;") == "TWO;" and text.endswith("}\nEND\n"), text)


def refusals(tap):
    good = Anchor("a.c", "add", "int sum", "after", "NEW;")
    for name, bad, said in (
            ("an anchor that is not there", Anchor("a.c", "add", "int difference", "after", "X"),
             "the anchor found 0 times"),
            ("an anchor that is there twice", Anchor("a.c", "add", r"sum \+=", "after", "X"),
             "the anchor found 2 times"),
            ("an anchor in another function", Anchor("a.c", "make_pair", "int sum", "after", "X"),
             "the anchor found 0 times"),
            ("a function that is not there", Anchor("a.c", "subtract", "int", "after", "X"),
             "'subtract' found 0 times"),
            ("a file that is not there", Anchor("c.c", "add", "int sum", "after", "X"), "c.c: ")):
        error, text = result([good, bad])
        tap.check(f"refused: {name}", error and said in error, error)
        tap.check(f"and nothing is written: {name}", text == SOURCE, text)


def main():
    tap = Tap()
    places(tap)
    refusals(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
