#!/usr/bin/env python3
"""The core is pure: its objects need the C standard library and jansson, and nothing that could
reach the system. usage: symbols.py ARCHIVE"""

import os
import re
import sys

from tap import Tap, run

# What the core may call. No function here opens, reads, starts, sleeps or looks at the clock.
C_LIBRARY = set("""
    abort calloc free malloc realloc qsort bsearch
    isalnum isalpha isdigit isprint isspace isupper islower isxdigit tolower toupper
    __ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc
    memchr memcmp memcpy memmove memset memrchr
    strchr strchrnul strrchr strcmp strncmp strlen strnlen strspn strcspn strstr strdup strndup
    strcasecmp strncasecmp strpbrk strerror strtol strtoll strtoul strtoull
    snprintf vsnprintf asprintf vasprintf fputc putc fputs fprintf vfprintf fwrite fflush ferror
    __errno_location __assert_fail
    open_memstream fclose
""".split())
# variants the compiler and the hardened C library put in their place
HARDENED = re.compile(r"^__(?:\w+)_chk$|^__isoc(?:99|23)_\w+$|^__stack_chk_fail$|"
                      r"^_GLOBAL_OFFSET_TABLE_$|^__(?:asan|ubsan|lsan|sanitizer|gcov)_\w+$")
JSON = re.compile(r"^jsonp?_\w+$")


def symbols(archive, *options):
    code, output = run("nm", "--format=posix", *options, archive)
    if code != 0:
        raise SystemExit(f"nm failed: {output}")
    return [line.split()[0] for line in output.splitlines() if line and not line.endswith(":")]


def allowed(name):
    plain = re.sub(r"^__|_chk$", "", name)
    if name in C_LIBRARY or JSON.match(name):
        return True
    return bool(HARDENED.match(name)) and (not name.endswith("_chk") or plain in C_LIBRARY
                                           or name == "__stack_chk_fail")


def main():
    archive = os.path.abspath(sys.argv[1])
    tap = Tap(3)
    own = set(symbols(archive, "--defined-only"))
    needed = set(symbols(archive, "--undefined-only"))
    tap.check("the archive has symbols", [] if own and needed else [archive])
    tap.check("the core needs the C standard library and jansson only",
              [f"undefined: {name}" for name in sorted(needed - own) if not allowed(name)])
    # the library is linked into other people's programs: one prefix for all that is visible
    visible = symbols(archive, "--defined-only", "--extern-only")
    tap.check("every global of the core is called cr_...",
              [name for name in sorted(set(visible))
               if not name.startswith(("cr_", "__asan", "__odr_asan"))])
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
