#!/usr/bin/python3
"""UDP probes through the machine that is measured.

  echo.py serve ADDRESS PORT          sends every byte back
  echo.py send ADDRESS PORT SPACING   one probe every SPACING milliseconds until standard input ends; then one JSON line:
                                      [[milliseconds of CLOCK_MONOTONIC when sent, answered], ...]
The sender's socket is bound to nothing, so that each probe takes the route and the source address of its moment.
"""
import json
import select
import socket
import struct
import sys
import time

mode, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
probes = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

if mode == "serve":
    probes.bind((address, port))
    print("serving", flush=True)
    while True:
        data, peer = probes.recvfrom(64)
        probes.sendto(data, peer)

spacing = float(sys.argv[4]) / 1000
sent, answered, due, ends_at = [], set(), time.monotonic(), None
while ends_at is None or time.monotonic() < ends_at:
    if ends_at is None and time.monotonic() >= due:
        try:
            sent.append(time.monotonic_ns() / 1e6)
            probes.sendto(struct.pack("!I", len(sent) - 1), (address, port))
        except OSError:
            # No route for now: lost.
            pass
        due += spacing
    wait = max(0, min(due, ends_at or due) - time.monotonic()) if ends_at is None else 0.05
    ready, _, _ = select.select([probes, sys.stdin] if ends_at is None else [probes], [], [], wait)
    if probes in ready:
        try:
            answered.add(struct.unpack("!I", probes.recv(64))[0])
        except OSError:
            # An ICMP error for an earlier probe.
            pass
    if ends_at is None and sys.stdin in ready and not sys.stdin.readline():
        ends_at = time.monotonic() + 0.3
print(json.dumps([[at, number in answered] for number, at in enumerate(sent)]))
