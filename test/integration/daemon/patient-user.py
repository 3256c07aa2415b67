"""A user who looks and connects: python3-dbus as it comes. usage: patient-user.py ADDRESS SERVICE_PATH ROUNDS PATIENCE_SECONDS

Prints one line of JSON: milliseconds of each call by method, and the failures.
"""
import json
import sys
import time

import dbus
import dbus.bus

address, service, rounds, patience = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
daemon = "org.chromium.flimflam"
bus = dbus.bus.BusConnection(address)
took = {"Manager.GetProperties": [], "Service.GetProperties": [], "Service.Connect": []}
failed = []


def call(path, kind, member):
    method = bus.get_object(daemon, path, introspect=False).get_dbus_method(member, f"{daemon}.{kind}")
    began = time.monotonic()
    try:
        method(timeout=patience)
    except dbus.DBusException as error:
        # It is connected, which is an answer like another.
        if error.get_dbus_name() != f"{daemon}.Error.AlreadyConnected":
            failed.append(f"{kind}.{member}: {error}")
    took[f"{kind}.{member}"].append((time.monotonic() - began) * 1000)


for _ in range(rounds):
    call("/", "Manager", "GetProperties")
    call(service, "Service", "GetProperties")
    call(service, "Service", "Connect")
print(json.dumps({"took": took, "failed": failed}))
