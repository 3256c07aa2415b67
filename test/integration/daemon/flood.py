"""One user's connections to a bus, each of which keeps as many calls to the daemon unanswered as the bus allows.

usage: raw_bus.py and this, ADDRESS SERVICE_PATH. Prints `ready` when all of them are under way; runs until it is ended, and
then tells how many answers there were.
"""
address, service = sys.argv[1], sys.argv[2]
connections_of_each_kind = 4
# dbus-daemon answers the 129th itself.
most_unanswered = 120

kinds = [
    # Reads that are answered at once.
    manager("GetProperties"),
    call(daemon, service, daemon + ".Service", "GetProperties"),
    call(daemon, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"),
    # Changes that are refused, small and large.
    call(daemon, service, daemon + ".Service", "SetProperty", "sv", string_property("GUID", "mine")),
    call(daemon, service, daemon + ".Service", "SetProperty", "sv", string_property("UIData", "x" * 100_000)),
    # Names without an owner.
    call(daemon, "/", properties, "Get", "ss", padded(text(daemon + ".Manager"), 4) + text("x" * 10_000)),
]
match_rules = [add_match(f"type='signal',sender='{daemon}',arg0='{number}'") for number in range(100)]


class Flood:
    """Answers are counted, not looked at."""

    def __init__(self, message):
        self.connection, self.message = connect(address, *match_rules), message
        self.unsent, self.unread = b"", b""
        self.serial = 1000
        # Hello and the match rules are answered, too, and signals tell of new names.
        self.answers = -(len(match_rules) + 2)
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
