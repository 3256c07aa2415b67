"""A user who asks for everything again and again, over three connections, at a pace that the bus can follow, and reads nothing.

usage: raw_bus.py and this, ADDRESS BATCHES CALLS. Prints `asked` after so many batches of so many calls, and stays. One connection
alone would not do: dbus-daemon drops what is more than 127 MiB for one.
"""
import time

address, batches, calls = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
everything = call(daemon, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
connections = [connect(address) for _ in range(3)]
for connection in connections:
    connection.setblocking(True)
for batch in range(batches):
    connections[batch % 3].sendall(numbered([everything] * calls, 10 + batch * calls))
    time.sleep(0.1)
print("asked", flush=True)
signal.pause()
