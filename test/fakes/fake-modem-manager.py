"""ModemManager as far as connections go, on the bus of DBUS_SYSTEM_BUS_ADDRESS: modems with a SIM, a lock and bearers.
Reads orders on standard input, a JSON array a line (plug SPEC, unplug IMEI, signal IMEI PERCENT, reach IMEI YES-OR-NO,
cut-off IMEI), and answers each with `done`. SPEC is FakeModemSpec of test/fakes/fake-modem-manager.ts."""
import json, os, sys, threading
import dbus, dbus.service, dbus.mainloop.glib
from gi.repository import GLib

MM = "org.freedesktop.ModemManager1"
ROOT = "/org/freedesktop/ModemManager1"
MODEM, MODEM3GPP, SIMPLE = MM + ".Modem", MM + ".Modem.Modem3gpp", MM + ".Modem.Simple"
SIM, BEARER = MM + ".Sim", MM + ".Bearer"
PROPERTIES = "org.freedesktop.DBus.Properties"
OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
FAILED, LOCKED, DISABLED, ENABLING, SEARCHING, REGISTERED, CONNECTING, CONNECTED = -1, 2, 3, 5, 7, 8, 10, 11
IDLE, HOME, SEARCHING_NETWORK = 0, 1, 2
LTE = 1 << 14
NO_PIN, SIM_PIN = 1, 2
STATIC, DHCP, PPP = 2, 3, 1


def error(name):
    return dbus.DBusException("refused", name=MM + ".Error." + name)


class Object(dbus.service.Object):
    """With properties that tell their changes."""

    def __init__(self, bus, path, interfaces):
        super().__init__(bus, path)
        self.path = path
        self.interfaces = interfaces

    def put(self, interface, **values):
        self.interfaces[interface].update(values)
        self.PropertiesChanged(interface, values, [])

    @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return self.interfaces[interface]

    @dbus.service.signal(PROPERTIES, signature="sa{sv}as")
    def PropertiesChanged(self, interface, changed, invalidated):
        pass


class Root(dbus.service.Object):
    def __init__(self, bus):
        super().__init__(bus, ROOT)
        self.bus = bus
        self.modems = {}
        self.count = 0

    @dbus.service.method(OBJECT_MANAGER, out_signature="a{oa{sa{sv}}}")
    def GetManagedObjects(self):
        return dbus.Dictionary({m.path: m.interfaces for m in self.modems.values()}, signature="oa{sa{sv}}")

    @dbus.service.signal(OBJECT_MANAGER, signature="oa{sa{sv}}")
    def InterfacesAdded(self, path, interfaces):
        pass

    @dbus.service.signal(OBJECT_MANAGER, signature="oas")
    def InterfacesRemoved(self, path, interfaces):
        pass

    def plug(self, spec):
        modem = Modem(self.bus, self.count, spec)
        self.count += 1
        self.modems[spec["imei"]] = modem
        self.InterfacesAdded(modem.path, modem.interfaces)

    def unplug(self, imei):
        modem = self.modems.pop(imei)
        self.InterfacesRemoved(modem.path, list(modem.interfaces))
        modem.leave()


class Sim(Object):
    def __init__(self, modem, path):
        self.modem = modem
        is_locked = "pin" in modem.spec
        super().__init__(modem.bus, path, {SIM: {
            "SimIdentifier": modem.spec["iccid"],
            "Imsi": "" if is_locked else "001010123456789",
            "OperatorIdentifier": "" if is_locked else "00101",
            "OperatorName": "" if is_locked else "Test Network",
        }})

    @dbus.service.method(SIM, in_signature="s")
    def SendPin(self, pin):
        modem = self.modem
        values = modem.interfaces[MODEM]
        if values["UnlockRequired"] != SIM_PIN:
            raise error("Core.WrongState")
        if pin != modem.spec["pin"]:
            left = values["UnlockRetries"][SIM_PIN] - 1
            modem.put(MODEM, UnlockRetries=retries(left))
            raise error("MobileEquipment.IncorrectPassword")
        self.put(SIM, Imsi="001010123456789", OperatorIdentifier="00101", OperatorName="Test Network")
        modem.put(MODEM, UnlockRequired=dbus.UInt32(NO_PIN), State=dbus.Int32(DISABLED))
        modem.put(MODEM, UnlockRetries=retries(None))


def retries(left):
    return dbus.Dictionary({} if left is None else {dbus.UInt32(SIM_PIN): dbus.UInt32(left)}, signature="uu")


def nowhere():
    return {"Interface": "", "Connected": False, "Ip4Config": ip_config(0), "Ip6Config": ip_config(0)}


def ip_config(method, **more):
    return dbus.Dictionary({"method": dbus.UInt32(method), **more}, signature="sv")


class Modem(Object):
    def __init__(self, bus, number, spec):
        self.bus, self.spec = bus, spec
        self.is_in_reach = not spec.get("isOutOfReach", False)
        self.bearers = []
        path = ROOT + "/Modem/%d" % number
        is_locked = "pin" in spec
        has_sim = "iccid" in spec
        self.sim = Sim(self, ROOT + "/SIM/%d" % number) if has_sim else None
        ports = [("cdc-wdm0", dbus.UInt32(6))]
        if "link" in spec:
            ports.append((spec["link"], dbus.UInt32(2)))
        super().__init__(bus, path, {
            MODEM: {
                "Sim": dbus.ObjectPath(self.sim.path if has_sim else "/"),
                "Bearers": dbus.Array([], signature="o"),
                "Manufacturer": "Fairlead",
                "Model": "Test Modem",
                "Revision": "1",
                "Device": "/sys/devices/test/" + spec["imei"],
                "PrimaryPort": "cdc-wdm0",
                "Ports": dbus.Array(ports, signature="(su)"),
                "EquipmentIdentifier": spec["imei"],
                "UnlockRequired": dbus.UInt32(SIM_PIN if is_locked else NO_PIN),
                "UnlockRetries": retries(3 if is_locked else None),
                "State": dbus.Int32(LOCKED if is_locked else DISABLED if has_sim else FAILED),
                "StateFailedReason": dbus.UInt32(0 if has_sim else 2),
                "AccessTechnologies": dbus.UInt32(0),
                "SignalQuality": dbus.Struct((dbus.UInt32(0), False), signature="ub"),
            },
            SIMPLE: {},
            MODEM3GPP: {"RegistrationState": dbus.UInt32(IDLE), "OperatorCode": "", "OperatorName": ""},
        })

    def leave(self):
        for part in [self, self.sim, *self.bearers]:
            if part:
                part.remove_from_connection()

    def state(self):
        return self.interfaces[MODEM]["State"]

    def become(self, state):
        self.put(MODEM, State=dbus.Int32(state))

    def signal(self, percent):
        self.put(MODEM, SignalQuality=dbus.Struct((dbus.UInt32(percent), True), signature="ub"))

    def register(self):
        self.put(MODEM3GPP, RegistrationState=dbus.UInt32(HOME), OperatorCode="00101", OperatorName="Test Network")
        self.put(MODEM, AccessTechnologies=dbus.UInt32(LTE))
        self.signal(60)
        self.become(REGISTERED)

    def unregister(self, registration):
        self.put(MODEM3GPP, RegistrationState=dbus.UInt32(registration), OperatorCode="", OperatorName="")
        self.put(MODEM, AccessTechnologies=dbus.UInt32(0))
        self.signal(0)

    def reach(self, is_in_reach):
        self.is_in_reach = is_in_reach
        if is_in_reach and self.state() == SEARCHING:
            self.register()
        if not is_in_reach and self.state() in (REGISTERED, CONNECTED):
            self.end_bearers()
            self.unregister(SEARCHING_NETWORK)
            self.become(SEARCHING)

    def end_bearers(self):
        for bearer in self.bearers:
            if bearer.interfaces[BEARER]["Connected"]:
                bearer.put(BEARER, **nowhere())

    def cut_off(self):
        self.end_bearers()
        self.become(REGISTERED)

    @dbus.service.method(MODEM, in_signature="b")
    def Enable(self, enable):
        if self.state() in (LOCKED, FAILED):
            raise error("Core.WrongState")
        if not enable:
            self.end_bearers()
            self.unregister(IDLE)
            self.become(DISABLED)
        elif self.state() == DISABLED:
            self.become(ENABLING)
            self.put(MODEM3GPP, RegistrationState=dbus.UInt32(SEARCHING_NETWORK))
            self.become(SEARCHING)
            if self.is_in_reach:
                self.register()

    @dbus.service.method(SIMPLE, in_signature="a{sv}", out_signature="o")
    def Connect(self, wish):
        if self.state() == LOCKED:
            raise error("MobileEquipment.SimPin")
        if self.state() == DISABLED:
            self.Enable(True)
        if self.state() == SEARCHING:
            raise error("MobileEquipment.NoNetwork")
        self.become(CONNECTING)
        self.become(REGISTERED)
        if wish.get("apn") != self.spec["apn"]:
            raise error("MobileEquipment.MissingOrUnknownApn")
        if (wish.get("user"), wish.get("password")) != (self.spec.get("user"), self.spec.get("password")):
            raise error("MobileEquipment.UserAuthenticationFailed")
        self.end_bearers()
        bearer = Object(self.bus, self.path + "/Bearer/%d" % len(self.bearers), {BEARER: self.connected()})
        self.bearers.append(bearer)
        self.put(MODEM, Bearers=dbus.Array([one.path for one in self.bearers], signature="o"))
        self.become(CONNECTED)
        return dbus.ObjectPath(bearer.path)

    def connected(self):
        ip = {
            "static": lambda: ip_config(STATIC, address="10.64.0.2", prefix=dbus.UInt32(30), gateway="10.64.0.1",
                                        dns1="10.64.0.1", mtu=dbus.UInt32(1430)),
            "dhcp": lambda: ip_config(DHCP),
            "ppp": lambda: ip_config(PPP),
        }[self.spec["addressing"]]()
        return {"Interface": self.spec.get("link", "ttyACM0"), "Connected": True, "Ip4Config": ip,
                "Ip6Config": ip_config(0)}

    @dbus.service.method(SIMPLE, in_signature="o")
    def Disconnect(self, bearer):
        if self.state() == CONNECTED:
            self.cut_off()


def order(root, words):
    name, *args = words
    if name == "plug":
        root.plug(*args)
    elif name == "unplug":
        root.unplug(*args)
    else:
        modem = root.modems[args[0]]
        {"signal": modem.signal, "reach": modem.reach, "cut-off": modem.cut_off}[name](*args[1:])
    print("done", flush=True)
    return False


def follow(root):
    for line in sys.stdin:
        GLib.idle_add(order, root, json.loads(line))
    GLib.idle_add(loop.quit)


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.bus.BusConnection(os.environ["DBUS_SYSTEM_BUS_ADDRESS"])
root = Root(bus)
name = dbus.service.BusName(MM, bus, do_not_queue=True)
loop = GLib.MainLoop()
threading.Thread(target=follow, args=(root,), daemon=True).start()
print("ready", flush=True)
loop.run()
