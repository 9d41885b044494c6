#!/usr/bin/env python3
"""Scripts, manual pages and completions are at least well-formed."""

import os
import shutil
import sys

from tap import ROOT, Tap, files, run


def first_line(path):
    with open(os.path.join(ROOT, path), "rb") as file:
        return file.readline(200).decode("utf-8", "replace")


def with_interpreter(*names):
    """Files whose first line names one of the interpreters."""
    return [path for path in files("") if first_line(path).startswith("#!")
            and any(f"/{name}" in first_line(path) or f" {name}" in first_line(path)
                    for name in names)]


def shell():
    code, output = run("shellcheck", "-S", "style", *with_interpreter("sh", "bash"))
    return [] if code == 0 else output.splitlines()


def python():
    problems = []
    for path in sorted(set(with_interpreter("python3")) | set(files(".py"))):
        try:
            with open(os.path.join(ROOT, path), encoding="utf-8") as file:
                compile(file.read(), path, "exec")
        except SyntaxError as error:
            problems.append(f"{path}:{error.lineno}: {error.msg}")
    return problems


def manuals():
    pages = files(".1", ".3", ".5", ".7", ".8", under=("docs",))
    if not pages:
        return ["there is no manual page"]
    code, output = run("mandoc", "-Tlint", "-Wwarning", *pages)
    return [] if code == 0 else output.splitlines()


def bash_completion():
    problems = []
    for path in files(".bash", under=("completions",)):
        code, output = run("bash", "-n", path)
        problems += [] if code == 0 else output.splitlines()
    return problems


def executables():
    """A file with an interpreter line can be started, but for modules that are only imported."""
    return [path for path in with_interpreter("sh", "bash", "python3", "bats")
            if not os.access(os.path.join(ROOT, path), os.X_OK)]


def main():
    checks = [("shellcheck finds nothing", "shellcheck", shell),
              ("python scripts compile", "python3", python),
              ("mandoc finds nothing in the manual pages", "mandoc", manuals),
              ("the bash completion parses", "bash", bash_completion),
              ("scripts are executable", "sh", executables)]
    tap = Tap(len(checks))
    for name, tool, check in checks:
        if shutil.which(tool):
            tap.check(name, check())
        else:
            tap.skip(name, f"no {tool} here")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
