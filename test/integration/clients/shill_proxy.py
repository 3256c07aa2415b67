"""The calls of autotest's proxy of shill (client/cros/networking/shill_proxy.py), with its library and in its order.

usage: shill_proxy.py; the bus is that of DBUS_SYSTEM_BUS_ADDRESS. Reads commands as JSON lists, answers each with a line of JSON.
"""

import json
import sys
import time

import dbus
import dbus.mainloop.glib
from gi.repository import GLib

NAME = "org.chromium.flimflam"
KINDS = {"Devices": "Device", "Services": "Service", "ServiceCompleteList": "Service", "Profiles": "Profile"}
dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
BUS = dbus.SystemBus()


def interface(path, kind):
    return dbus.Interface(BUS.get_object(NAME, path), f"{NAME}.{kind}")


def manager():
    return interface("/", "Manager")


def wait_for_service(seconds):
    """A1: the errors until it answers."""
    errors = set()
    print(json.dumps("asking"), flush=True)
    for _ in range(int(seconds / 0.01)):
        try:
            BUS.get_object(NAME, "/", introspect=False).GetProperties(dbus_interface=f"{NAME}.Manager")
            return sorted(errors)
        except dbus.exceptions.DBusException as error:
            errors.add(error.get_dbus_name())
            time.sleep(0.01)
    raise SystemExit(f"nobody answers: {errors}")


def get_property(path, kind, name):
    """A2: one that is absent is None."""
    value = interface(path, kind).GetProperties().get(name)
    return None if value is None else plain(value)


def set_property(path, kind, name, value):
    """A3: the class of the value in force decides the type of the new one."""
    current = interface(path, kind).GetProperties().get(name)
    interface(path, kind).SetProperty(name, value if current is None else type(current)(value))


def wait_for_property(path, kind, name, wanted, seconds):
    """A4: it listens before it reads, so that nothing in between is missed."""
    loop = GLib.MainLoop()
    seen = []

    def on_changed(changed, value):
        if changed == name:
            seen.append(plain(value))
            if seen[-1] in wanted:
                loop.quit()

    match = BUS.add_signal_receiver(on_changed, "PropertyChanged", f"{NAME}.{kind}", NAME, path)
    seen.append(get_property(path, kind, name))
    print(json.dumps("listening"), flush=True)
    GLib.timeout_add(int(seconds * 1000), loop.quit)
    if seen[-1] not in wanted:
        loop.run()
    match.remove()
    return seen


def find_object(listed, wanted, pause=False):
    """A5: an object that has vanished meanwhile is passed over."""
    vanished = []
    paths = manager().GetProperties()[listed]
    if pause:
        print(json.dumps("listed"), flush=True)
        sys.stdin.readline()
    for path in paths:
        try:
            properties = plain(interface(path, KINDS[listed]).GetProperties())
        except dbus.exceptions.DBusException as error:
            vanished.append(error.get_dbus_name())
            continue
        if all(properties.get(name) == value for name, value in wanted.items()):
            return {"path": str(path), "vanished": vanished}
    return {"path": None, "vanished": vanished}


def tolerating(errors, method):
    try:
        method()
    except dbus.exceptions.DBusException as error:
        if error.get_dbus_name() not in [f"{NAME}.Error.{name}" for name in errors]:
            raise


def connect_synchronous(path):
    """A6."""
    tolerating(["AlreadyConnected"], interface(path, "Service").Connect)
    return wait_for_property(path, "Service", "State", ["portal", "online"], 15)[-1]


def disconnect_synchronous(path):
    """A7."""
    tolerating(["InProgress", "NotConnected"], interface(path, "Service").Disconnect)
    return wait_for_property(path, "Service", "State", ["idle"], 15)[-1]


def configure_by_guid(guid, values):
    """A8."""
    return manager().ConfigureService(dbus.Dictionary({"GUID": guid, **values}, signature="sv"))


def configure_for_profile(profile, values, names_it=False):
    """A8; `names_it`: with the Profile among the values, too, as an object path, which means nothing there."""
    path = dbus.ObjectPath(profile)
    more = {"Profile": dbus.ObjectPath("/profile/nowhere")} if names_it else {}
    return manager().ConfigureServiceForProfile(path, dbus.Dictionary({**values, **more}, signature="sv"))


def set_profile_path(path, profile):
    interface(path, "Service").SetProperty("Profile", dbus.ObjectPath(profile))


def technology(member, name):
    """T13."""
    getattr(manager(), member)(name, timeout=60)


def plain(value):
    if isinstance(value, (bool, dbus.Boolean)):
        return bool(value)
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    return int(value) if isinstance(value, int) else value if value is None else str(value)


VERBS = [
    wait_for_service,
    *(get_property, set_property, wait_for_property, find_object, connect_synchronous, disconnect_synchronous),
    *(configure_by_guid, configure_for_profile, set_profile_path, technology),
]
COMMANDS = {verb.__name__: verb for verb in VERBS}
print(json.dumps("ready"), flush=True)
for line in iter(sys.stdin.readline, ""):
    verb, *arguments = json.loads(line)
    try:
        answer = plain(COMMANDS[verb](*arguments))
    except dbus.exceptions.DBusException as error:
        answer = {"error": error.get_dbus_name(), "text": error.get_dbus_message()}
    print(json.dumps({"answer": answer}), flush=True)
