#!/usr/bin/python3
"""The model of the Windows access check against Samba's, on random tokens and descriptors.

usage: samba_diff.py ANSWERER [CASES [SEED]]

Needs python3-samba, which belongs to Debian's own Python. Samba knows no restricted tokens; a
restricted check is two of its checks combined as Microsoft documents it: with the token's own SIDs,
and with the restricting ones alone. Generic rights, labels and deny-only groups are not in
Samba's check; tables test them. A difference is shown as the line that repeats it, with the seed.
TAP on standard output.
"""

import os
import random
import subprocess
import sys

try:
    from samba.dcerpc import security
    from samba.security import access_check
except ImportError:
    security = None

DOMAIN = "S-1-5-21-9-9-9"
OWN = [f"{DOMAIN}-1001", "S-1-1-0", "S-1-5-32-545", "S-1-5-32-544", "S-1-5-11", "S-1-5-5-0-7"]
PLACES = ["S-1-5-21-1-2-3-4000", "S-1-5-21-1-2-3-4001"]
SPECIAL = ["S-1-3-4", "S-1-3-0", "S-1-5-18"]
EVERYBODY = OWN + PLACES + SPECIAL
FLAGS = ["", "", "", "", "OICI", "OICIIO", "IO", "ID", "CINP", "OIIOID"]
BITS = [1 << n for n in (0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 17, 18, 19, 20)]
MASKS = [0x1F01FF, 0x120089, 0x120116, 0x1200A0, 0x1301BF, 0xD0156, 0x116, 0x40, 0x10000, 0x40000]
MAXIMUM = 0x2000000
WRITES = 0x116  # FILE_GENERIC_WRITE without what reading and executing have too
PRIVILEGES = {0x01: "SEC_PRIV_TAKE_OWNERSHIP", 0x02: "SEC_PRIV_SECURITY"}
SYSTEM_SECURITY = 0x1000000
TAKE_OWNERSHIP = 0x80000
BATCH = 5000
STANDARD = WRITES | 0xD0000  # and DELETE, WRITE_DAC, WRITE_OWNER
KINDS = ("plain", "restricted", "write-restricted: bits", "whole", "standard")


def draw_mask(rng):
    if rng.random() < 0.6:
        return rng.choice(MASKS)
    mask = 0
    for _ in range(rng.randint(1, 4)):
        mask |= rng.choice(BITS)
    return mask


def draw_sddl(rng):
    entries = []
    for _ in range(rng.choice((0, 1, 2, 3, 4, 4, 5, 6, 7, 9))):
        entries.append("(%s;%s;0x%x;;;%s)" % (rng.choice("AAAAD"), rng.choice(FLAGS),
                                              draw_mask(rng), rng.choice(EVERYBODY)))
    return "O:%sG:SYD:%s%s" % (rng.choice(EVERYBODY), rng.choice(("", "", "P", "AI")),
                               "".join(entries))


class Asker:
    """A token in both forms: text for us, objects for Samba."""

    def __init__(self, rng):
        user = OWN[0]
        groups = rng.sample(OWN[1:] + PLACES, rng.randint(1, 5))
        self.restricting = rng.sample(PLACES + ["S-1-1-0", "S-1-5-5-0-7", user],
                                      rng.randint(1, 3))
        self.privileges = rng.choice((0, 0, 0, 1, 2, 3))
        self.text = "%x %s %s" % (self.privileges, ",".join([user] + groups),
                                  ",".join(self.restricting))
        self.own = self.token([user] + groups)
        self.second = self.token(self.restricting)

    def token(self, sids):
        token = security.token()
        token.sids = [security.dom_sid(sid) for sid in sids]
        token.num_sids = len(sids)
        for bit, name in PRIVILEGES.items():
            if self.privileges & bit:
                token.set_privilege(getattr(security, name))
        return token


def samba(descriptor, token, mask):
    """The granted mask, or None."""
    try:
        return access_check(descriptor, token, mask)
    except Exception as error:  # the binding's own class, by its number
        if error.args and error.args[0] in (0xC0000022, 0xC0000061):
            return None
        raise


def expected(descriptor, asker, mask):
    """The five answers, from Samba's check made twice."""
    own = samba(descriptor, asker.own, mask)
    if mask & MAXIMUM:
        asked = mask & ~MAXIMUM
        second = samba(descriptor, asker.second, MAXIMUM) or 0
        second |= asked & TAKE_OWNERSHIP if asker.privileges & 1 else 0
        masks = [own, own and own & second, own and own & (second | ~WRITES), own and own & second,
                 own and own & (second | ~STANDARD)]
        return ["-" if not got or asked & ~got else "%x" % got for got in masks]
    def second(bits):
        return not bits or samba(descriptor, asker.second, bits) is not None

    passed = [True, second(mask), second(mask & WRITES), not mask & WRITES or second(mask),
              second(mask & STANDARD)]
    return ["%x" % mask if own is not None and ok else "-" for ok in passed]


def draw_request(rng):
    kind = rng.random()
    if kind < 0.15:
        return MAXIMUM
    if kind < 0.20:
        return MAXIMUM | rng.choice(BITS)
    if kind < 0.22:
        return SYSTEM_SECURITY | rng.choice(BITS)
    return rng.choice(BITS) if kind < 0.6 else draw_mask(rng)


def draw_batch(rng, size):
    """(line for us, Samba's answers) of each case."""
    askers = [Asker(rng) for _ in range(50)]
    domain = security.dom_sid(DOMAIN)
    cases = []
    for _ in range(size):
        asker = rng.choice(askers)
        mask = draw_request(rng)
        sddl = draw_sddl(rng)
        descriptor = security.descriptor.from_sddl(sddl, domain)
        # under a NULL DACL Samba grants the SACL too, which Windows gives to a privilege only, and
        # computes a maximum as if the list were empty
        if rng.random() < 0.03 and not mask & (SYSTEM_SECURITY | MAXIMUM):
            descriptor.dacl = None
            sddl = sddl[:sddl.index("D:")] + "D:NO_ACCESS_CONTROL"
        cases.append(("%s %x %s" % (asker.text, mask, sddl),
                      expected(descriptor, asker, mask)))
    return cases


def ask(answerer, cases):
    done = subprocess.run([answerer], input="\n".join(line for line, _ in cases) + "\n",
                          stdout=subprocess.PIPE, text=True, check=True)
    return [line.split() for line in done.stdout.splitlines()]


def compare(answerer, count, seed):
    """Differences found, and how many checks were granted of each kind."""
    rng = random.Random(seed)
    differences = []
    granted = [0] * len(KINDS)
    for start in range(0, count, BATCH):
        cases = draw_batch(rng, min(BATCH, count - start))
        answers = ask(answerer, cases)
        if len(answers) != len(cases):
            differences.append(f"{len(cases)} questions, {len(answers)} answers")
        for (line, wanted), got in zip(cases, answers):
            granted = [sum(pair) for pair in zip(granted, (word != "-" for word in wanted))]
            if got != wanted:
                differences.append(f"{line}\n#   Samba {' '.join(wanted)}, model {' '.join(got)}")
        if len(differences) > 10:
            break
    return differences, granted


def main(argv):
    if len(argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    count = int(argv[2]) if len(argv) > 2 else 50000
    seed = int(argv[3]) if len(argv) > 3 else random.SystemRandom().randrange(1 << 32)
    if security is None:
        if os.environ.get("CARREL_MUST_ENFORCE") == "1":
            print("1..1\nnot ok 1 - python3-samba is missing")
            return 1
        print("1..0 # SKIP python3-samba is missing")
        return 0
    print(f"1..2\n# {count} cases, seed {seed}", flush=True)
    differences, granted = compare(argv[1], count, seed)
    print(f"{'not ' if differences else ''}ok 1 - the model answers as Samba does")
    for difference in differences[:10]:
        print(f"# {difference}")
    # a comparison in which everything is refused would compare nothing
    share = [100 * number // count for number in granted]
    print("# granted: " + ", ".join(f"{kind} {part} %" for kind, part in zip(KINDS, share)))
    few = [kind for kind, part in zip(KINDS, share) if not 3 <= part <= 97]
    print(f"{'not ' if few else ''}ok 2 - both answers are frequent")
    return 1 if differences or few else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
