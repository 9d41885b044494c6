"""The addresses, names and ports of the test's own internet: one table, read by all its parts.

The public addresses look public and lead nowhere else: they exist only in a namespace of the test.
"""

HOST, ROUTER = "10.77.0.1", "10.77.0.2"
HOST6, ROUTER6 = "fd77::1", "fd77::2"
DNS, HOSTILE_DNS = "93.184.215.53", "93.184.215.54"
DATAGRAM_DNS = "93.184.215.55" # the hostile one without TCP
SERVERS = DNS, HOSTILE_DNS, DATAGRAM_DNS
WWW, WWW6 = "93.184.215.10", "2606:2800:220::10"
OTHER, OTHER6 = "93.184.215.20", "2606:2800:220::20"
LOST = "lost.example.com"
NOWHERE = [f"93.184.217.{number}" for number in range(1, 17)] # packets to there are dropped
BENCH, BENCH_ADDRESS = "bench.example.com", "93.184.215.99" # on the host itself
METADATA = "169.254.169.254"

# what an allowed name must not lead to: the registries of RFC 6890, and forms that hide a v4
SPECIAL = {
    "loop": "127.0.0.1", "loop6": "::1", "lan": ROUTER, "host": HOST, "meta": METADATA,
    "mapped": "::ffff:" + ROUTER, "nat64": "64:ff9b::a4d:2", "sixtofour": "2002:a4d:2::1",
    "ula": ROUTER6, "cgnat": "100.64.0.2", "zero": "0.0.0.0", "synthetic": "198.18.0.1",
    "document": "192.0.2.1", "reserved": "240.0.0.1", "teredo": "2001:0:a4d:2::1",
    "compatible": "::10.77.0.2",
}

# more than a datagram of 512 bytes holds: forty addresses
FORTY = [f"93.184.216.{number}" for number in range(1, 41)]
NOWHERE = [f"93.184.217.{number}" for number in range(1, 40)] # nobody has these

NAMES = {
    "forty.example.com": FORTY,
    "www.example.com": [WWW, WWW6],
    "v4.example.com": [WWW],
    BENCH: [BENCH_ADDRESS],
    LOST: NOWHERE,
    "v6.example.com": [WWW6],
    "xn--bcher-kva.example.com": [WWW],
    "mixed.example.com": [ROUTER, WWW],
    "other.example.net": [OTHER, OTHER6],
    "wild.example.org": [OTHER],
    "api.wild.example.org": [WWW, WWW6],
    "a.b.wild.example.org": [WWW],
    "evilwild.example.org": [OTHER],
    "wild.example.org.example.net": [OTHER],
    "www.example.com.example.net": [OTHER],
    **{name + ".special.example.com": [address] for name, address in SPECIAL.items()},
}
HOSTILE = ["rebind", "garbage", "short", "pointer", "loop", "truncated", "many", "silent", "wrong",
           "slow", "question", "huge"]
# by TCP only: what is to be taken, and what would lead to WWW but for one thing
LONG = ["large", "both", "chain", "backwards", "pieces", "wide"]
FALSE = ["number", "asked", "owners", "half", "noise", "again", "ring", "failure", "closed", "late"]

# every address there answers on every one of these ports
HTTPS, HTTP, SSH = (443, 8443), (80, 8080), (22, 2222)
ECHO = (1, 7, 1024, 5432, 65535)
BANNER, SILENT, DIGEST, SOURCE, DEAF, FAREWELL, LATE = 25, 2600, 2700, 2900, 2800, 2950, 2960
UDP_ECHO = (443, 9999)
# on the host itself, as a developer has them
HOST_LOOPBACK, HOST_ANYWHERE = HOST_ECHO = 8001, 8002


def internet_addresses():
    """All addresses of the internet's own interface, with prefix lengths."""
    listed = {address for addresses in NAMES.values() for address in addresses}
    listed |= {DNS, HOSTILE_DNS, DATAGRAM_DNS, METADATA}
    own = {*NOWHERE, ROUTER, ROUTER6, HOST, BENCH_ADDRESS, "127.0.0.1", "::1", "0.0.0.0", SPECIAL["mapped"]}
    return sorted(address + ("/128" if ":" in address else "/32") for address in listed - own)
