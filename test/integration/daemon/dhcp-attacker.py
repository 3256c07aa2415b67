"""An attacker on the cable: answers each DHCPDISCOVER with lies, or shouts lies at a client that is bound.

usage: dhcp-attacker.py LINK answer | serve | refuse | poison | flood | swap | shout CLIENT_MAC CLIENT_ADDRESS | arp ADDRESS
Prints `ready`, then `lied N` for each round.
"""

import random
import socket
import struct
import sys
import time

link, mode = sys.argv[1:3]
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wire.bind((link, 0))
own_mac = wire.getsockname()[4]
server = socket.inet_aton("10.1.0.66")
DISCOVER, OFFER, ACK, NAK, FORCERENEW = 1, 2, 5, 6, 9


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def option(code, data):
    return bytes([code, len(data)]) + data


def frame(xid, mac, address, options, overload=b"", source=server):
    bootp = struct.pack("!BBBBIHH", 2, 1, 6, 0, xid, 0, 0) + bytes(4) + address + server + bytes(4)
    bootp += mac.ljust(16, b"\0") + overload.ljust(192, b"\0") + b"\x63\x82\x53\x63" + options
    udp = struct.pack("!HHHH", 67, 68, 8 + len(bootp), 0) + bootp
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + source + b"\xff" * 4
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return b"\xff" * 6 + own_mac + b"\x08\x00" + head + udp


def usual(kind):
    mask, lease = socket.inet_aton("255.255.255.0"), struct.pack("!I", 3600)
    return option(53, bytes([kind])) + option(54, server) + option(51, lease) + option(1, mask) + option(3, server)


def lies(xid, mac):
    """Frames of which a careful client takes none."""
    good = socket.inet_aton("10.1.0.77")
    for kind in (OFFER, ACK, NAK):
        yield frame(xid ^ 1, mac, good, usual(kind) + b"\xff")
        yield frame(xid, bytes([mac[0], *mac[1:5], mac[5] ^ 1]), good, usual(kind) + b"\xff")
        # A server without a name is known by the sender of its packets; here that is no host either.
        yield frame(xid, mac, good, option(53, bytes([kind])) + b"\xff", source=bytes(4))
    for kind in (ACK, NAK):
        yield frame(xid, mac, good, usual(kind) + b"\xff")
    for bad in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"):
        yield frame(xid, mac, socket.inet_aton(bad), usual(OFFER) + b"\xff")
    for code, length in ((53, 2), (53, 0), (54, 3), (54, 5)):
        yield frame(xid, mac, good, option(code, bytes([OFFER] * length)) + b"\xff")
    yield frame(xid, mac, good, bytes([53, 255, 2]))
    yield frame(xid, mac, good, b"\0" * 300)
    yield frame(xid, mac, good, option(52, b"\x03"), option(52, b"\x03") * 20)
    whole = frame(xid, mac, good, usual(OFFER) + b"\xff")
    for length in range(0, len(whole), 7):
        yield whole[:length].ljust(14, b"\0")
    for _ in range(200):
        noise = bytearray(whole)
        # Somewhere in its options, but always a change.
        noise[282 + random.randrange(3)] ^= random.randrange(1, 256)
        yield bytes(noise)


def questions():
    """Message type, xid and MAC of each question of a client; a cable that is out is waited for."""
    while True:
        try:
            data = wire.recv(2048)
        except OSError:
            continue
        if data[12:14] == b"\x08\x00" and data[23:24] == b"\x11" and data[36:38] == b"\0\x43":
            yield data[284], struct.unpack("!I", data[46:50])[0], data[70:76]


def answer():
    for rounds, (_, xid, mac) in enumerate(questions(), 1):
        for lie in lies(xid, mac):
            wire.send(lie)
        print("lied", rounds)


def serve(extra=b""):
    """Tells no lies: shows that the frames of the others would be taken but for their faults."""
    for kind, xid, mac in questions():
        reply = OFFER if kind == DISCOVER else ACK
        wire.send(frame(xid, mac, socket.inet_aton("10.1.0.77"), usual(reply) + extra + b"\xff"))


def refuse():
    """Offers an address and then refuses it, each time."""
    refused = 0
    first = None
    for kind, xid, mac in questions():
        reply = OFFER if kind == DISCOVER else NAK
        wire.send(frame(xid, mac, socket.inet_aton("10.1.0.77"), usual(reply) + b"\xff"))
        refused += reply == NAK
        # By the clock of the wire's end: the reader of this line may be late.
        first = first or (time.monotonic() if refused else None)
        print("refused", refused, "after", round((time.monotonic() - (first or time.monotonic())) * 1000), "ms")


def flood():
    """Two hundred confirmations of each question, none of which is for it."""
    for rounds, (_, xid, mac) in enumerate(questions(), 1):
        for _ in range(100):
            other = (xid + random.randrange(1, 2**32)) % 2**32
            wire.send(frame(other, mac, socket.inet_aton("10.1.0.77"), usual(ACK) + b"\xff"))
            stranger = bytes([*mac[:5], mac[5] ^ 1])
            wire.send(frame(xid, stranger, socket.inet_aton("10.1.0.77"), usual(ACK) + b"\xff"))
        print("lied", rounds)


def swap():
    """Grants an address, and from the second request on confirms another one than it is asked for."""
    requests = 0
    for kind, xid, mac in questions():
        requests += kind != DISCOVER
        address = socket.inet_aton("10.1.0.88" if requests > 1 else "10.1.0.77")
        wire.send(frame(xid, mac, address, usual(OFFER if kind == DISCOVER else ACK) + b"\xff"))


def poison():
    """Grants a lease that is right but for options meant to do harm further on."""
    line = b"x\nnameserver 6.6.6.6\n"
    bad_text = b"\xff\xfe\x00\x1b[31m" + line
    servers = b"".join(map(socket.inet_aton, ("127.0.0.1", "0.0.0.0", "255.255.255.255", "10.1.0.53")))
    search = bytes([len(line)]) + line + b"\0\x03lan\0\xc0\x00"
    routes = b"\x20\x0a\x4d\x00\x01" + server + b"\x21\x00"
    serve(
        option(6, servers) + option(12, bad_text) + option(15, bad_text) + option(26, b"\0\x44") + option(42, b"\0")
        + option(43, bytes(range(256))[:200]) + option(114, bad_text) + option(119, search) + option(121, routes)
        + option(252, bad_text) + option(28, b"\0\0\0\0") + option(58, b"\xff" * 4) + option(59, b"\0" * 4)
    )


def shout(mac, address):
    mac, address = bytes.fromhex(mac.replace(":", "")), socket.inet_aton(address)
    for rounds in range(1, 6):
        for xid in (0, 0xFFFFFFFF, random.getrandbits(32)):
            for lie in lies(xid, mac):
                wire.send(lie)
            for kind in (ACK, NAK, FORCERENEW):
                wire.send(frame(xid, mac, socket.inet_aton("10.1.0.77"), usual(kind) + b"\xff"))
                wire.send(frame(xid, mac, address, usual(kind) + b"\xff"))
        print("lied", rounds)


def arp(address):
    """Says that the address is ours, until a host objects: once, where its owner listens already."""
    address = socket.inet_aton(address)
    body = struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + own_mac + address + bytes(6) + address
    for rounds in range(1, 6):
        wire.send(b"\xff" * 6 + own_mac + b"\x08\x06" + body)
        print("lied", rounds)
        if is_defended(address, time.monotonic() + 2):
            print("defended")
            return


def is_defended(address, end):
    while time.monotonic() < end:
        wire.settimeout(max(0.01, end - time.monotonic()))
        try:
            data = wire.recv(2048)
        except TimeoutError:
            return False
        if data[12:14] == b"\x08\x06" and data[28:32] == address and data[22:28] != own_mac:
            return True
    return False


print("ready", flush=True)
modes = {
    "answer": answer, "serve": serve, "refuse": refuse, "poison": poison,
    "flood": flood, "swap": swap, "shout": shout, "arp": arp,
}
modes[mode](*sys.argv[3:])
