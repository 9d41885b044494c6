#!/usr/bin/env python3
"""Every row of the threat list about the network (36 to 45), as an attack with its control.

usage: threats.py CARREL [ROW...]      ROW: names of functions in threat_*.py, all if none

Speaks TAP. What each attack is, and what it must show outside, is in the threat_*.py files.
"""

import sys

import threat_content
import threat_names
import threat_reach
import world
from trial import Trial


def main():
    wanted = sys.argv[2:]
    rows = [row for module in (threat_reach, threat_names, threat_content) for row in module.ROWS
            if not wanted or row.__name__ in wanted]

    def battery(tap, made, place):
        trial = Trial(tap, made, place)
        for row in rows:
            row(trial)
    return world.batteries(sys.argv, battery)


if __name__ == "__main__":
    sys.exit(main())
