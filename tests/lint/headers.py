#!/usr/bin/env python3
"""Every header compiles alone, and twice, with every compiler there is."""

import os
import re
import shutil
import sys

from tap import ROOT, Tap, files, read, run

FLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
         f"-I{ROOT}/src", f"-I{ROOT}/include", "-x", "c", "-"]
UNIX_ONLY = ("src/linux/", "src/macos/", "src/verify/fixture_parts.h", "src/cli/asker_impl.h")
WINDOWS_ONLY = ("src/windows/", "src/verify/windows/")
# needs the generator's library, and is included by the generator alone
EXEMPT = ("src/linux/seccomp/rules.h",)


WINDOWS_LIBRARIES = os.path.join(ROOT, "prefix-windows", "include")


def compile_alone(compiler, path):
    flags = FLAGS + ([f"-I{WINDOWS_LIBRARIES}"] if "mingw" in compiler else [])
    text = f'#include "{ROOT}/{path}"\n#include "{ROOT}/{path}"\nextern int unused;\n'
    code, output = run(compiler, *flags, text_in=text)
    return [] if code == 0 else [f"{path}: {line}" for line in output.splitlines()[:3]]


def suits(compiler, path):
    windows = "mingw" in compiler
    if path in EXEMPT:
        return False
    if not windows:
        return not path.startswith(WINDOWS_ONLY)
    # before `make windows` there are no libraries for that compiler
    libraries = re.findall(r"<(jansson\.h|event2/\w+\.h)>", read(path))
    return not path.startswith(UNIX_ONLY) and all(
        os.path.isfile(os.path.join(WINDOWS_LIBRARIES, library)) for library in libraries)


def main():
    compilers = ["gcc", "clang", "x86_64-w64-mingw32-gcc"]
    tap = Tap(len(compilers))
    headers = files(".h", under=("src", "include"))
    for compiler in compilers:
        name = f"every header compiles alone with {compiler}"
        if not shutil.which(compiler):
            tap.skip(name, "no such compiler here")
            continue
        tap.check(name, [problem for path in headers if suits(compiler, path)
                         for problem in compile_alone(compiler, path)])
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
