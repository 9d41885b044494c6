#!/usr/bin/env python3
"""What documents say in figures and names is what the code has. Whoever changes one side finds the
other here; a sentence that is put differently is looked at anew."""

import re
import sys

from tap import Tap, files, read, run

# page, its words, file, what stands there
FIGURES = (
    ("docs/carrel-policy.5", "a line has at most 4096 bytes", "src/core/limits.h",
     "CR_MAX_LINE_BYTES 4096"),
    ("docs/carrel-policy.5", "file at most 1 MiB", "src/core/limits.h",
     "CR_MAX_POLICY_BYTES (1024 * 1024)"),
    ("docs/carrel-policy.5", "expire after eight hours", "data/default-common.policy", "expire 8h"),
    ("docs/carrel.1", "Default: 120 seconds", "src/broker/broker.h", "CR_ASK_SECONDS 120"),
    ("docs/carrel.1", "a day at most", "src/lib/questions.h", "CR_MAX_ASK_SECS 86400"),
    ("docs/carrel.1", "at most 64 times", "src/core/limits.h", "CR_MAX_PUBLISHED 64"),
    ("docs/network.md", "At most 16,384 names", "src/core/limits.h", "CR_MAX_NAMES 16384"),
    ("docs/network.md", "(the first eight)", "src/core/limits.h", "CR_MAX_NAMESERVERS 8 "),
    ("docs/network.md", "(its first 8 MiB)", "src/core/limits.h",
     "CR_MAX_HOSTS_FILE (8 * 1024 * 1024)"),
    ("docs/network.md", "250 ms apart", "src/broker/dial.c", "NEXT_MS 250 "),
    ("docs/network.md", "Addresses are remembered for 10 seconds", "src/broker/lookup.c",
     "CACHE_MS 10000 "),
    ("docs/network.md", "its aliases (at most 16)", "src/core/dnsanswer.h", "CR_DNS_CHAIN_MAX 16 "),
    ("docs/network.md", "addresses at most sixteen", "src/broker/impl.h", "BR_MAX_ADDRESS 16 "),
    ("docs/network.md", "within 30 seconds", "src/broker/proxy.c", "HEAD_SECS 30 "),
    ("docs/network.md", "and 32 KiB", "src/core/limits.h", "CR_HTTP_HEAD_MAX (32 * 1024)"),
    ("docs/network.md", "2,048 guests", "src/broker/impl.h", "BR_MAX_GUESTS 2048 "),
    ("docs/approvals.md", "within `--ask-timeout` (120 seconds)", "src/broker/broker.h",
     "CR_ASK_SECONDS 120 "),
    ("docs/approvals.md", "More than 64 open questions", "src/lib/questions.h", "CR_QUESTIONS 64 "),
    ("docs/approvals.md", "first half second", "src/cli/ask_tty.c", "GUARD_MS 500 "),
    ("docs/approvals.md", "and, for 10 seconds, what goes to the same place",
     "src/lib/questions.h", "CR_MOMENT_SECS 10 "),
    ("docs/approvals.md", "more than 8,192 processes", "src/cli/asker_impl.h",
     "ASK_MAX_STOPPED 8192 "),
    ("docs/approvals.md", "after three seconds", "src/cli/ask_freeze.c", "LIMIT_MS 3000 "),
    ("docs/approvals.md", "The server takes 16 clients", "src/cli/asker_impl.h",
     "ASK_MAX_CLIENTS 16 "),
    ("docs/approvals.md", "at most 4,096 bytes with its newline", "src/cli/approvals.h",
     "CR_APPROVAL_LINE 4096 "),
    ("docs/approvals.md", "from 1 to 31622400", "src/lib/questions.h",
     "CR_MAX_GRANT_SECS (366 * 86400)"),
    ("docs/approvals.md", "`id` has 12 random hexadecimal digits", "src/lib/questions.h",
     "CR_QUESTION_ID 13 "),
    ("docs/approvals.md", "`BOX` is 32 hexadecimal digits", "src/cli/approvals.c",
     "ID_DIGITS 32 "),
    ("docs/windows.md", "At most 64 roots", "src/core/plan_windows_token.c", "MAX_ROOTS 64 "),
    ("docs/windows.md", "Limits: 32,766 characters", "src/core/wincmd.h", "CR_WINCMD_MAX 32766 "),
    ("docs/windows.md", "8,191 for batch files", "src/core/wincmd.h",
     "CR_WINCMD_BATCH_MAX 8191 "),
    ("docs/linux.md", "mode 01755", "src/linux/reserve.c", "S_ISVTX | 0755"),
)
SOURCES = ("src", "include", "tests", "tools", "data", "examples", "completions")
# of other projects
FOREIGN = {"advapi.c"}


def plain(text):
    return re.sub(r"\s+", " ", text)


def figures():
    problems = []
    for page, words, path, line in FIGURES:
        if words not in plain(read(page)):
            problems.append(f"{page}: no longer says '{words}' ({path} has '{line.strip()}')")
        if line not in plain(read(path)) + " ":
            problems.append(f"{path}: no '{line.strip()}', but {page} says '{words}'")
    return problems


def pages():
    return [path for path in files(".md") if not path.startswith("tests/")]


def file_names():
    """`place.c`, `winaccess*.c`, `tests/run`: there is such a file."""
    known = files("")
    problems = []
    for page in pages():
        for name in re.findall(r"`([\w./*-]+\.(?:c|h|py|policy|bats))`", read(page)):
            wanted = re.compile(r"(?:.*/)?" + re.escape(name).replace(r"\*", "[^/]*") + "$")
            if name not in FOREIGN and not any(wanted.match(path) for path in known):
                problems.append(f"{page}: there is no `{name}`")
        for name in re.findall(r"`((?:src|tests|tools|data|examples)/[\w./-]*)`", read(page)):
            if not any(path == name or path.startswith(name.rstrip("/") + "/") for path in known):
                problems.append(f"{page}: there is no `{name}`")
    return problems


def code_names():
    """`cr_decide`, `carrel_wait`, `struct cr_facts`, `CR_STEP_KINDS`: the code has that name."""
    text = "\n".join(read(path) for path in files(".c", ".h"))
    known = set(re.findall(r"\w+", text))
    return [f"{page}: the code has no '{name}'" for page in pages()
            for name in sorted(set(re.findall(r"`(?:struct )?((?:cr|carrel|CR|CARREL)_\w+)",
                                              read(page))))
            if name not in known and name not in shell_names()]


def shell_names():
    """Variables of the tests."""
    return {"CARREL_MUST_ENFORCE", "CARREL_SEED", "CARREL_CASES"}


def library_manual():
    header, page = read("include/carrel.h"), read("docs/carrel.3")
    names = re.findall(r"^CARREL_API .*?\*?(carrel_\w+)\(", header, re.MULTILINE)
    problems = [] if len(names) > 10 else ["include/carrel.h: only a few functions found"]
    for name in names:
        problems += [f"docs/carrel.3: no '{line} {name}'" for line in (".Nm", ".Fn")
                     if not re.search(rf"^\{line} {name}\b", page, re.MULTILINE)]
    constants = set(re.findall(r"\bCARREL_[A-Z_]+\b", header)) - {"CARREL_API", "CARREL_H", "CARREL_BUILD"}
    problems += [f"docs/carrel.3: no {name}" for name in sorted(constants) if name not in page]
    known = set(re.findall(r"\bcarrel_\w+", header))
    problems += [f"docs/carrel.3: the header has no '{name}'"
                 for name in sorted(set(re.findall(r"\bcarrel_\w+", page)) - known)]
    return problems


def install_prefix():
    """PREFIX counts where a build is there already."""
    ask = ("env", "-u", "MAKEFLAGS", "-u", "MAKEOVERRIDES", "-u", "PREFIX", "make", "-n", "install")
    _, said = run(*ask, "PREFIX=/elsewhere")
    _, plain_said = run(*ask)
    problems = [] if "-Dprefix=/elsewhere" in said else [said]
    return problems + ([plain_said] if "-Dprefix=" in plain_said else [])


def main():
    checks = [("limits and times in documents are the code's", figures),
              ("files that documents name exist", file_names),
              ("functions and types that documents name exist", code_names),
              ("make install has its PREFIX", install_prefix),
              ("the library's manual has its header, and nothing else", library_manual)]
    tap = Tap(len(checks))
    for name, check in checks:
        tap.check(name, check())
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
