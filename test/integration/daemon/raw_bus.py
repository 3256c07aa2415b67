"""The messages of flooders, byte by byte (D-Bus specification, "Message Format"); in front of flood.py and open-flood.py."""
import os
import select
import signal
import socket
import struct
import sys

daemon = "org.chromium.flimflam"
properties = "org.freedesktop.DBus.Properties"
the_bus = "org.freedesktop.DBus"


def padded(data, to):
    return data + bytes(-len(data) % to)


def text(value):
    raw = value.encode()
    return struct.pack("<I", len(raw)) + raw + b"\0"


def signature(value):
    return bytes([len(value)]) + value.encode() + b"\0"


def variant_field(code, kind, value):
    return bytes([code]) + signature(kind) + (signature(value) if kind == "g" else text(value))


def call(destination, path, interface, member, sig="", body=b"", flags=0):
    """A method call; its serial is put in when it is sent."""
    fields = b""
    wanted = [(1, "o", path), (2, "s", interface), (3, "s", member), (6, "s", destination)]
    for code, kind, value in wanted + ([(8, "g", sig)] if sig else []):
        fields = padded(fields, 8) + variant_field(code, kind, value)
    head = struct.pack("<BBBBIII", ord("l"), 1, flags, 1, len(body), 1, len(fields))
    return padded(head + fields, 8) + body


def string_property(name, value):
    body = text(name) + signature("s")
    return padded(body, 4) + text(value)


def manager(member, sig="", body=b""):
    return call(daemon, "/", daemon + ".Manager", member, sig, body)


def add_match(rule):
    return call(the_bus, "/", the_bus, "AddMatch", "s", text(rule))


def numbered(messages, first):
    """The bus wants another serial for each."""
    return b"".join(message[:8] + struct.pack("<I", first + at) + message[12:] for at, message in enumerate(messages))


def connect(address, *first):
    """Says Hello and sends `first`; the reader gets the answers to all of them."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address.removeprefix("unix:path="))
    connection.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
    if not connection.recv(4096).startswith(b"OK"):
        raise SystemExit("the bus does not let us in")
    hello = call(the_bus, "/", the_bus, "Hello")
    connection.sendall(b"BEGIN\r\n" + numbered([hello, *first], 1))
    connection.setblocking(False)
    return connection
