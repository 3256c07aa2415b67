#!/usr/bin/python3
"""An observer that knows none of the programs it watches.

One thread and one loop stamp everything with CLOCK_MONOTONIC as it arrives: rtnetlink events of this namespace and
messages of one bus. So its own latency is the same for all who are measured, and cancels out between two stamps.

Standard input: one JSON command per line. Standard output: one JSON event per line, "at" in milliseconds.
  {"do": "bus", "address": "unix:path=...", "match": ["type='signal',..."]}
  {"do": "call", "id": 1, "destination", "path", "interface", "member", "signature"?, "args"?, "times"?}
  {"do": "start", "id": 2, "argv": [...], "env": {...}, "log": FILE, + a call made as soon as its name is owned}
  {"do": "stop-children"}
"""
import json
import os
import select
import signal
import socket
import struct
import sys
import time

RTMGRP_LINK, RTMGRP_IPV4_IFADDR = 1, 0x10
RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_DELADDR = 16, 17, 20, 21
IFF_UP, IFF_LOWER_UP = 1, 0x10000
IFLA_IFNAME, IFA_LOCAL = 3, 2
SO_RCVBUFFORCE = 33


def now():
    return time.monotonic_ns() / 1e6


def tell(event, **fields):
    sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
    sys.stdout.flush()


# --- rtnetlink -------------------------------------------------------------------------------------------------------


def open_netlink():
    link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    link.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    link.bind((0, RTMGRP_LINK | RTMGRP_IPV4_IFADDR))
    return link


def attributes(data, offset):
    while offset + 4 <= len(data):
        length, kind = struct.unpack_from("HH", data, offset)
        if length < 4:
            return
        yield kind & 0x3FFF, data[offset + 4 : offset + length]
        offset += (length + 3) & ~3


def netlink_events(data, at, names):
    offset = 0
    while offset + 16 <= len(data):
        length, kind = struct.unpack_from("IH", data, offset)
        body = data[offset + 16 : offset + length]
        offset += (length + 3) & ~3
        if kind in (RTM_NEWLINK, RTM_DELLINK):
            _, _, index, flags, _ = struct.unpack_from("BxHiII", body)
            found = dict(attributes(body, 16))
            name = found.get(IFLA_IFNAME, b"").rstrip(b"\0").decode()
            names[index] = name
            if kind == RTM_DELLINK:
                tell("link-gone", at=at, link=name)
            else:
                tell("link", at=at, link=name, up=bool(flags & IFF_UP), carrier=bool(flags & IFF_LOWER_UP))
        elif kind in (RTM_NEWADDR, RTM_DELADDR):
            family, prefix, _, _, index = struct.unpack_from("BBBBI", body)
            local = dict(attributes(body, 8)).get(IFA_LOCAL)
            if family == socket.AF_INET and local:
                event = "address" if kind == RTM_NEWADDR else "address-gone"
                tell(event, at=at, link=names.get(index, str(index)), address=socket.inet_ntoa(local), prefix=prefix)


# --- D-Bus, little endian --------------------------------------------------------------------------------------------

FIXED = {"y": "B", "b": "I", "n": "h", "q": "H", "i": "i", "u": "I", "x": "q", "t": "Q", "d": "d", "h": "I"}


def alignment(code):
    if code in FIXED:
        return struct.calcsize(FIXED[code])
    return {"s": 4, "o": 4, "a": 4, "g": 1, "v": 1, "(": 8, "{": 8}[code]


def one_type(signature, at):
    """Where the complete type that begins at `at` ends."""
    if signature[at] == "a":
        return one_type(signature, at + 1)
    if signature[at] in "({":
        depth = 0
        for end in range(at, len(signature)):
            depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(signature[end], 0)
            if depth == 0:
                return end + 1
    return at + 1


def types(signature):
    at = 0
    while at < len(signature):
        end = one_type(signature, at)
        yield signature[at:end]
        at = end


class Reader:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def align(self, size):
        self.at = (self.at + size - 1) & -size

    def value(self, kind):
        code = kind[0]
        self.align(alignment(code))
        if code in FIXED:
            (value,) = struct.unpack_from("<" + FIXED[code], self.data, self.at)
            self.at += struct.calcsize(FIXED[code])
            return bool(value) if code == "b" else value
        if code in "so":
            length = self.value("u")
            return self.text(length)
        if code == "g":
            return self.text(self.value("y"))
        if code == "v":
            return self.value(self.value("g"))
        if code in "({":
            return [self.value(inner) for inner in types(kind[1:-1])]
        length = self.value("u")
        self.align(alignment(kind[1]))
        end, values = self.at + length, []
        while self.at < end:
            values.append(self.value(kind[1:]))
        return {str(k): v for k, v in values} if kind[1] == "{" else values

    def text(self, length):
        text = self.data[self.at : self.at + length].decode("utf-8", "replace")
        self.at += length + 1
        return text


class Writer:
    def __init__(self):
        self.data = bytearray()

    def align(self, size):
        self.data.extend(b"\0" * (-len(self.data) % size))

    def value(self, kind, value):
        code = kind[0]
        self.align(alignment(code))
        if code in FIXED:
            self.data += struct.pack("<" + FIXED[code], int(value) if code != "d" else value)
        elif code in "so":
            raw = value.encode()
            self.data += struct.pack("<I", len(raw)) + raw + b"\0"
        elif code == "g":
            self.data += bytes([len(value)]) + value.encode() + b"\0"
        elif code == "v":
            inner, held = value
            self.value("g", inner)
            self.value(inner, held)
        elif code in "({":
            for inner, held in zip(types(kind[1:-1]), value):
                self.value(inner, held)
        else:
            self.array(kind[1:], list(value.items()) if isinstance(value, dict) else value)

    def array(self, kind, values):
        mark = len(self.data)
        self.data += b"\0\0\0\0"
        self.align(alignment(kind[0]))
        start = len(self.data)
        for value in values:
            self.value(kind, value)
        struct.pack_into("<I", self.data, mark, len(self.data) - start)


class Bus:
    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(address.split("unix:path=", 1)[1].split(",")[0])
        uid = str(os.getuid()).encode().hex()
        self.socket.sendall(f"\0AUTH EXTERNAL {uid}\r\n".encode())
        if not self.socket.recv(4096).startswith(b"OK"):
            raise SystemExit("the bus refused to authenticate")
        self.socket.sendall(b"BEGIN\r\n")
        self.serial, self.buffer, self.waiting, self.on_owner = 0, bytearray(), {}, {}
        self.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello")

    def call(self, destination, path, interface, member, signature="", args=(), on_reply=None):
        self.serial += 1
        body = Writer()
        for kind, arg in zip(types(signature), args):
            body.value(kind, arg)
        fields = [(1, ("o", path)), (2, ("s", interface)), (3, ("s", member)), (6, ("s", destination))]
        if signature:
            fields.append((8, ("g", signature)))
        head = Writer()
        head.data += struct.pack("<cBBBII", b"l", 1, 0, 1, len(body.data), self.serial)
        head.value("a(yv)", fields)
        head.align(8)
        if on_reply:
            self.waiting[self.serial] = on_reply
        self.socket.sendall(head.data + body.data)

    def add_match(self, rule):
        self.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s", [rule])

    def receive(self):
        chunk = self.socket.recv(1 << 20)
        at = now()
        if not chunk:
            raise SystemExit("the bus is gone")
        self.buffer += chunk
        while len(self.buffer) >= 16:
            body_length, _, fields_length = struct.unpack_from("<III", self.buffer, 4)
            body_at = (16 + fields_length + 7) & ~7
            if len(self.buffer) < body_at + body_length:
                return
            message = bytes(self.buffer[: body_at + body_length])
            del self.buffer[: body_at + body_length]
            self.message(message, body_at, at)

    def message(self, data, body_at, at):
        kind = data[1]
        fields = dict(Reader(data, 12).value("a(yv)"))
        if kind in (2, 3):
            on_reply = self.waiting.pop(fields.get(5), None)
            if on_reply:
                on_reply(at, kind == 2, lambda: self.body(data, body_at, fields))
        elif kind == 4:
            if fields.get(3) == "NameOwnerChanged":
                name, _, owner = self.body(data, body_at, fields)
                if owner and name in self.on_owner:
                    self.on_owner.pop(name)()
                    return
            tell(
                "signal",
                at=at,
                path=fields.get(1),
                interface=fields.get(2),
                member=fields.get(3),
                # A list of a thousand objects is news for others; reading it would make later stamps late.
                args=self.body(data, body_at, fields) if len(data) - body_at < 4096 else None,
            )

    @staticmethod
    def body(data, body_at, fields):
        # Alignment counts from the start of the body.
        reader = Reader(data[body_at:])
        return [reader.value(kind) for kind in types(fields.get(8, ""))]


# --- commands --------------------------------------------------------------------------------------------------------


class Probe:
    def __init__(self):
        self.netlink, self.bus, self.names, self.children, self.input = open_netlink(), None, {}, [], b""
        for index, name in socket.if_nameindex():
            self.names[index] = name

    def do(self, command):
        getattr(self, "do_" + command["do"].replace("-", "_"))(command)

    def do_bus(self, command):
        self.bus = Bus(command["address"])
        self.bus.add_match("type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'")
        for rule in command["match"]:
            self.bus.add_match(rule)
        # Answered once the rules are in place.
        self.do_call({**ping, "id": command.get("id", 0)})

    def do_call(self, command):
        """Repeats one after the other and tells how long each took."""
        took = []

        def send():
            started = now()

            def reply(at, is_good, body):
                took.append(at - started)
                if len(took) < command.get("times", 1):
                    send()
                else:
                    tell("reply", id=command["id"], at=at, took=took, good=is_good, body=self.bounded(body, command))

            self.bus.call(*address_of(command), on_reply=reply)

        send()

    @staticmethod
    def bounded(body, command):
        return body() if command.get("body", True) else None

    def do_start(self, command):
        """From just before execve to the first good answer of the call."""
        log = os.open(command["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        started = now()
        actions = [(os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)]
        argv = command["argv"]
        pid = os.posix_spawnp(argv[0], argv, {**os.environ, **command.get("env", {})}, file_actions=actions)
        os.close(log)
        self.children.append(pid)
        tell("spawned", id=command["id"], at=started, pid=pid)

        def ask():
            self.bus.call(*address_of(command), on_reply=reply)

        def reply(at, is_good, body):
            if is_good:
                tell("answered", id=command["id"], at=at, took=at - started, pid=pid)
            else:
                # The name is there and the object is not yet; 1 ms keeps the processor free for its maker.
                time.sleep(0.001)
                ask()

        self.bus.on_owner[command["destination"]] = ask

    def do_stop_children(self, command):
        for pid in self.children:
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        self.children = []
        tell("reply", id=command.get("id", 0), at=now())

    def netlink_batch(self):
        while True:
            try:
                data = self.netlink.recv(1 << 16, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            yield now(), data

    def loop(self):
        while True:
            sources = [self.netlink, sys.stdin.buffer.raw] + ([self.bus.socket] if self.bus else [])
            ready, _, _ = select.select(sources, [], [])
            if self.netlink in ready:
                # All are stamped before any is read: of a thousand, the last must not look later than it came.
                for at, data in list(self.netlink_batch()):
                    netlink_events(data, at, self.names)
            if self.bus and self.bus.socket in ready:
                self.bus.receive()
            if sys.stdin.buffer.raw in ready:
                chunk = os.read(0, 1 << 16)
                if not chunk:
                    return
                self.input += chunk
                while b"\n" in self.input:
                    line, self.input = self.input.split(b"\n", 1)
                    self.do(json.loads(line))


ping = {
    "destination": "org.freedesktop.DBus",
    "path": "/org/freedesktop/DBus",
    "interface": "org.freedesktop.DBus",
    "member": "GetId",
}


def address_of(command):
    return (
        command["destination"],
        command["path"],
        command["interface"],
        command["member"],
        command.get("signature", ""),
        command.get("args", []),
    )


if __name__ == "__main__":
    # Children end with us, at any end.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    tell("ready", at=now())
    Probe().loop()
