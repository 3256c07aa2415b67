"""One user's connections to a bus, each of which keeps as many calls to the daemon unanswered as the bus allows.

usage: flood.py ADDRESS SERVICE_PATH. Prints `ready` when all of them are under way; runs until it is ended, and then tells
how many answers there were.
"""
import os
import select
import signal
import socket
import struct
import sys

address, service = sys.argv[1], sys.argv[2]
connections_of_each_kind = 4
# dbus-daemon answers the 129th itself.
most_unanswered = 120
daemon = "org.chromium.flimflam"
properties = "org.freedesktop.DBus.Properties"


def padded(data, to):
    return data + bytes(-len(data) % to)


def text(value):
    raw = value.encode()
    return struct.pack("<I", len(raw)) + raw + b"\0"


def signature(value):
    return bytes([len(value)]) + value.encode() + b"\0"


def variant_field(code, kind, value):
    return bytes([code]) + signature(kind) + (signature(value) if kind == "g" else text(value))


def call(destination, path, interface, member, sig="", body=b""):
    """A method call (D-Bus specification, "Message Format"); its serial is put in when it is sent."""
    fields = b""
    wanted = [(1, "o", path), (2, "s", interface), (3, "s", member), (6, "s", destination)]
    for code, kind, value in wanted + ([(8, "g", sig)] if sig else []):
        fields = padded(fields, 8) + variant_field(code, kind, value)
    head = struct.pack("<BBBBIII", ord("l"), 1, 0, 1, len(body), 1, len(fields))
    return padded(head + fields, 8) + body


def string_property(name, value):
    body = text(name) + signature("s")
    return padded(body, 4) + text(value)


def manager(member, sig="", body=b""):
    return call(daemon, "/", daemon + ".Manager", member, sig, body)


kinds = [
    # Reads that are answered at once.
    manager("GetProperties"),
    call(daemon, service, daemon + ".Service", "GetProperties"),
    call(daemon, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"),
    # Changes that are refused, small and large.
    call(daemon, service, daemon + ".Service", "SetProperty", "sv", string_property("GUID", "mine")),
    call(daemon, service, daemon + ".Service", "SetProperty", "sv", string_property("UIData", "x" * 100_000)),
    # Names that nobody has.
    call(daemon, "/", properties, "Get", "ss", padded(text(daemon + ".Manager"), 4) + text("x" * 10_000)),
]
add_match = [
    call("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "AddMatch", "s",
         text(f"type='signal',sender='{daemon}',arg0='{number}'"))
    for number in range(100)
]


def numbered(messages, first):
    """The bus wants another serial for each."""
    return b"".join(message[:8] + struct.pack("<I", first + at) + message[12:] for at, message in enumerate(messages))


def connect():
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address.removeprefix("unix:path="))
    connection.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
    if not connection.recv(4096).startswith(b"OK"):
        raise SystemExit("the bus does not let us in")
    hello = call("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "Hello")
    connection.sendall(b"BEGIN\r\n" + numbered([hello, *add_match], 1))
    connection.setblocking(False)
    return connection


class Flood:
    """Answers are counted, not looked at."""

    def __init__(self, message):
        self.connection, self.message = connect(), message
        self.unsent, self.unread = b"", b""
        self.serial = 1000
        # Hello and the match rules are answered, too, and somebody tells of a new name.
        self.answers = -(len(add_match) + 2)
        self.unanswered = 0

    def read(self):
        self.unread += self.connection.recv(1 << 18)
        at = 0
        while len(self.unread) - at >= 16:
            body, _, fields = struct.unpack_from("<III", self.unread, at + 4)
            end = at + 16 + fields + -fields % 8 + body
            if len(self.unread) < end:
                break
            at = end
            self.answers += 1
            if self.answers > 0:
                self.unanswered -= 1
        self.unread = self.unread[at:]

    def write(self):
        if not self.unsent:
            count = most_unanswered - self.unanswered
            self.unsent = numbered([self.message] * count, self.serial)
            self.serial = (self.serial + count) % 2**31
            self.unanswered += count
        self.unsent = self.unsent[self.connection.send(self.unsent):]

    @property
    def has_to_write(self):
        return self.unsent != b"" or self.unanswered < most_unanswered // 2


floods = {}
for kind in kinds * connections_of_each_kind:
    flood = Flood(kind)
    floods[flood.connection] = flood


def tell(_number, _frame):
    print("answers", sum(flood.answers for flood in floods.values()), flush=True)
    sys.exit()


signal.signal(signal.SIGTERM, tell)
is_ready = False
while True:
    if not is_ready and all(flood.answers > 0 for flood in floods.values()):
        is_ready = True
        print("ready", flush=True)
    writers = [connection for connection, flood in floods.items() if flood.has_to_write]
    readable, writable, _ = select.select(list(floods), writers, [])
    for connection in readable:
        floods[connection].read()
    for connection in writable:
        floods[connection].write()
