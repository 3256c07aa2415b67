"""One user's connections to a bus that send without end and never wait for an answer.

usage: raw_bus.py and this, ADDRESS SERVICE_PATH KIND CONNECTIONS deaf|hearing [BUFFER]. Prints `ready` when every connection has sent
part of its first batch, and `still sending` four seconds later; runs until it is ended. The deaf read nothing. BUFFER: bytes that
wait in each socket for the bus, and so for those who come when the flood has ended.
KIND is one of those below, or a call without arguments: DESTINATION PATH INTERFACE MEMBER, with spaces between them.
"""
import time

address, service, kind, count, hears = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5] == "hearing"
buffer_bytes = int(sys.argv[6]) if len(sys.argv) > 6 else None
no_reply_expected = 1
service_interface = daemon + ".Service"


def set_ui_data(length, letter="x"):
    body = string_property("UIData", letter * length)
    return call(daemon, service, service_interface, "SetProperty", "sv", body)


get_properties = call(daemon, "/", daemon + ".Manager", "GetProperties")
batches = {
    "reads": [get_properties],
    "everything": [call(daemon, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")],
    "unknown": [call(daemon, "/nowhere", "no.such.Interface", "Nothing")],
    "huge": [set_ui_data(4_000_000)],
    "large": [set_ui_data(60_000)],
    "paths": [call(daemon, "/" + "x" * 1_000_000, "no.such.Interface", "Nothing")],
    "denied": [set_ui_data(10)],
    # Each of them differs from the one before, so each is stored and told.
    "changes": [set_ui_data(10, letter) for letter in "ab"],
    "matches": [add_match(f"type='signal',arg0='{number}'") for number in range(600)] + [get_properties],
    "no-reply": [call(daemon, "/", daemon + ".Manager", "GetProperties", flags=no_reply_expected)],
}
batch_bytes = 1 << 16


class OpenFlood:
    def __init__(self):
        self.connection = connect(address)
        if buffer_bytes is not None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer_bytes)
        self.serial = 2
        self.unsent = b""
        self.batch = batches[kind] if kind in batches else [call(*kind.split(" "))]
        self.batch = self.batch * max(1, batch_bytes // sum(map(len, self.batch)))
        self.has_sent = False

    def write(self):
        if not self.unsent:
            self.unsent = memoryview(numbered(self.batch, self.serial))
            self.serial = (self.serial + len(self.batch)) % 2**31 + 2
        self.unsent = self.unsent[self.connection.send(self.unsent):]
        self.has_sent = True


floods = {}
for _ in range(count):
    flood = OpenFlood()
    floods[flood.connection.fileno()] = flood
poller = select.epoll()
for number in floods:
    poller.register(number, select.EPOLLOUT | (select.EPOLLIN if hears else 0))
ready_at = None
has_told = False
while True:
    if ready_at is None and all(flood.has_sent for flood in floods.values()):
        ready_at = time.monotonic()
        print("ready", flush=True)
    if ready_at is not None and not has_told and time.monotonic() > ready_at + 4:
        has_told = True
        print("still sending", flush=True)
    for number, events in poller.poll(1):
        try:
            if events & select.EPOLLIN:
                floods[number].connection.recv(1 << 18)
            if events & select.EPOLLOUT:
                floods[number].write()
        except BlockingIOError:
            pass
