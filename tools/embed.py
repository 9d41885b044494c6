#!/usr/bin/env python3
"""Turns data/*.policy into one C source (src/core/builtin.h declares what is in it).

Usage: embed.py OUTPUT INPUT...
Keeps every byte and every line number of the inputs; refuses what is not UTF-8.
Must never depend on the order of a directory listing: the inputs are sorted by name.
"""
import os
import sys


def literal(line):
    """One line of text as a C string literal."""
    out = []
    for byte in line.encode("utf-8"):
        char = chr(byte)
        if char in '"\\':
            out.append("\\" + char)
        elif 32 <= byte < 127 and char != "?":
            out.append(char)
        else:
            out.append("\\%03o" % byte)
    return '"%s\\n"' % "".join(out)


def main(output, inputs):
    parts = ["/* Made by tools/embed.py from data/. Do not edit. */",
             "#include <string.h>", "", '#include "core/builtin.h"', ""]
    names = []
    for path in sorted(inputs, key=os.path.basename):
        name = os.path.basename(path)
        assert name.endswith(".policy"), path
        name = name[:-len(".policy")]
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
        assert text.endswith("\n") and "\r" not in text, path + ": LF line ends only"
        variable = "text_" + name.replace("-", "_")
        parts.append("static const char %s[] =" % variable)
        parts += ["\t" + literal(line) for line in text[:-1].split("\n")]
        parts[-1] += ";"
        parts.append("")
        names.append((name, variable))
    parts.append("static const struct cr_builtin builtins[] = {")
    parts += ['\t{"%s", %s, sizeof(%s) - 1},' % (name, var, var) for name, var in names]
    parts += ["};", "",
              "const struct cr_builtin *cr_builtin_find(const char *name)", "{",
              "\tfor (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)",
              "\t\tif (!strcmp(builtins[i].name, name))",
              "\t\t\treturn &builtins[i];",
              "\treturn NULL;", "}", ""]
    with open(output, "w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(parts))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
