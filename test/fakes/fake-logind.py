"""logind as far as sleep goes, on the bus of DBUS_SYSTEM_BUS_ADDRESS: delay inhibitors with their descriptors, and
PrepareForSleep. Reads orders on standard input: `sleep` waits for the inhibitors, then says `asleep`; `wake`."""
import os, select, sys, threading
import dbus, dbus.service, dbus.mainloop.glib
from gi.repository import GLib

class Manager(dbus.service.Object):
    def __init__(self, bus):
        super().__init__(bus, "/org/freedesktop/login1")
        self.inhibitors = []
        self.preparing = False

    @dbus.service.method("org.freedesktop.login1.Manager", in_signature="ssss", out_signature="h")
    def Inhibit(self, what, who, why, mode):
        if self.preparing:
            raise dbus.DBusException("in progress", name="org.freedesktop.login1.OperationInProgress")
        assert (what, mode) == ("sleep", "delay"), (what, mode)
        ours, theirs = os.pipe()
        self.inhibitors.append(ours)
        say("inhibited by " + who)
        descriptor = dbus.types.UnixFd(theirs)
        os.close(theirs)
        return descriptor

    @dbus.service.signal("org.freedesktop.login1.Manager", signature="b")
    def PrepareForSleep(self, start):
        self.preparing = bool(start)

    def released(self):
        """Whether all holders of one have closed it; forgets them then."""
        for ours in list(self.inhibitors):
            poll = select.poll()
            poll.register(ours, select.POLLHUP)
            if any(event & select.POLLHUP for _, event in poll.poll(0)):
                self.inhibitors.remove(ours)
                os.close(ours)
        return not self.inhibitors

def say(text):
    print(text, flush=True)

def follow(manager):
    for line in sys.stdin:
        GLib.idle_add(order, manager, line.split())
    GLib.idle_add(loop.quit)

def order(manager, words):
    if words == ["wake"]:
        manager.PrepareForSleep(False)
    if words == ["sleep"]:
        manager.PrepareForSleep(True)
        GLib.timeout_add(2, wait, manager)
    return False

def wait(manager):
    if manager.preparing and not manager.released():
        return True
    say("asleep")
    return False

dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.bus.BusConnection(os.environ["DBUS_SYSTEM_BUS_ADDRESS"])
manager = Manager(bus)
name = dbus.service.BusName("org.freedesktop.login1", bus, do_not_queue=True)
loop = GLib.MainLoop()
threading.Thread(target=follow, args=(manager,), daemon=True).start()
say("ready")
loop.run()
