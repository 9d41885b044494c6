#!/usr/bin/env python3
"""cli_files in the test bed, where entries stay on files. usage: cli_files.py CLI_FILES_EXE"""

import sys

import escape_bed
import wine as wine_of_tests


def main(argv):
    if not wine_of_tests.find_wine():
        return wine_of_tests.missing()
    with escape_bed.bed() as wine:
        if wine is None:
            print("1..1\nnot ok 1 - the test bed is there")
            return 1
        code, output = wine.run(wine.copy(argv[1]), cwd=wine.dir)
        sys.stdout.write(output.decode(errors="replace").replace("\r\n", "\n"))
        return code


if __name__ == "__main__":
    sys.exit(main(sys.argv))
