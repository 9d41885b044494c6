#!/usr/bin/env python3
"""Writes src/core/casefold.h from Python's copy of the Unicode Character Database.

Usage: casefold.py > src/core/casefold.h

NTFS compares names by a table of simple upper-case mappings of UTF-16 units that was written when
the volume was made. What was in Unicode by version 3.2 (2002) is in the table of every Windows
since Vista; what came later may be or not, so one side of such a pair is doubtful.
"""
import unicodedata

OLD = unicodedata.ucd_3_2_0

# Not a pair both ways round, and too common in names to be refused. Windows' invariant upper case
# leaves the first three as they are and takes a final sigma for a sigma; that NTFS does the same is
# to be confirmed on real Windows (tests/windows/realwin.ps1 is the place).
THEMSELVES = {0xB5, 0x131, 0x17F}
FINAL_SIGMA = 0x3C2


def simple(char, *ways):
    """The first mapping of one character to one; the character itself when there is none."""
    return next((text for way in ways if len(text := way(char)) == 1), char)


def mappings():
    """(lower, upper, both were in Unicode 3.2, lower was, upper was) within the first plane."""
    for code in (*range(0x80, 0xD800), *range(0xE000, 0x10000)):
        upper = ord(simple(chr(code), str.upper, str.title))
        if upper != code and upper < 0x10000:
            yield code, upper


def was_there(code):
    return OLD.category(chr(code)) != "Cn"


def sort_out():
    """({upper: lower}, {doubtful})"""
    pairs, doubtful = {}, set()
    for lower, upper in mappings():
        if not was_there(lower) or not was_there(upper):
            doubtful |= {code for code in (lower, upper) if not was_there(code)}
        elif simple(chr(upper), str.lower) == chr(lower):
            pairs[upper] = lower
        elif lower not in THEMSELVES | {FINAL_SIGMA}:
            doubtful.add(lower)
    pairs[FINAL_SIGMA] = 0x3C3
    return pairs, doubtful


def folds(pairs):
    """Runs [first, last, delta, step] of upper-case letters one or two apart."""
    runs = []
    for upper in sorted(pairs):
        delta = pairs[upper] - upper
        if runs and runs[-1][2] == delta:
            first, last, _, step = runs[-1]
            gap = upper - last
            if gap in (1, 2) and (first == last or gap == step):
                runs[-1] = [first, upper, delta, gap]
                continue
        runs.append([upper, upper, delta, 1])
    return runs


def ranges(codes):
    runs = []
    for code in sorted(codes):
        if runs and runs[-1][1] == code - 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return runs


def rows(items, fmt, per_line):
    texts = ["{" + ", ".join(f.format(x) for f, x in zip(fmt, item)) + "}," for item in items]
    return "\n".join("\t" + " ".join(texts[i:i + per_line])
                     for i in range(0, len(texts), per_line))


def main():
    pairs, doubtful = sort_out()
    print(f"""\
/*
 * casefold.h - letters and their case, for names of files. Made by tools/casefold.py from Unicode
 * {unicodedata.unidata_version} and 3.2; not to be edited. Only text.c includes it.
 */
#ifndef CR_CASEFOLD_H
#define CR_CASEFOLD_H

#include <stdint.h>

/* Upper-case letters and the way to their lower case. `step` 2: every second code is upper. */
struct fold {{
	uint16_t first, last;
	int16_t delta;
	uint16_t step;
}};

struct range {{
	uint32_t first, last;
}};

/* clang-format off */
/* Those that were there in Unicode 3.2, and the final sigma; sorted. */
static const struct fold folds[] = {{
{rows(folds(pairs), ("0x{:04x}", "0x{:04x}", "{}", "{}"), 3)}
}};

/* Letters that are the same as another to some volumes and not to others. */
static const struct range doubtful[] = {{
{rows(ranges(doubtful), ("0x{:04x}", "0x{:04x}"), 5)}
}};
/* clang-format on */

#endif""")


if __name__ == "__main__":
    main()
