"""One user's connections to a bus that send without end and never wait for an answer.

usage: raw_bus.py and this, ADDRESS SERVICE_PATH KIND CONNECTIONS deaf|hearing. Prints `ready` when every connection has sent
part of its first batch, and `still sending` eight seconds later; runs until it is ended. The deaf read nothing.
KIND is one of those below, or a call without arguments: DESTINATION PATH INTERFACE MEMBER, with spaces between them.
"""
import time

address, service, kind, count, hears = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5] == "hearing"
no_reply_expected = 1
service_interface = daemon + ".Service"


def set_ui_data(length):
    body = string_property("UIData", "x" * length)
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
    "matches": [add_match(f"type='signal',arg0='{number}'") for number in range(600)] + [get_properties],
    "no-reply": [call(daemon, "/", daemon + ".Manager", "GetProperties", flags=no_reply_expected)],
}
batch_bytes = 1 << 16


class OpenFlood:
    def __init__(self):
        self.connection = connect(address)
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
    if ready_at is not None and not has_told and time.monotonic() > ready_at + 8:
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
