"""TAP of the scripts here: the plan comes last."""

import sys


class Tap:
    def __init__(self):
        self.number = 0
        self.failed = 0

    def check(self, name, good, seen=None):
        """One test; `seen` is shown when it fails."""
        self.number += 1
        print(f"{'ok' if good else 'not ok'} {self.number} - {name}")
        if not good and seen is not None:
            for line in (seen if isinstance(seen, str) else repr(seen)).splitlines()[:30]:
                print(f"# {line}")
        self.failed += not good
        sys.stdout.flush()
        return good

    def end(self):
        print(f"1..{self.number}")
        return 1 if self.failed else 0
