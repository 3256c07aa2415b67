"""The calls of shill's own command scripts (bin/ in platform2/shill), with their library and in their order.

usage: shill_clients.py VERB [ARGUMENT ...]; the bus is that of DBUS_SYSTEM_BUS_ADDRESS. Prints JSON.
"""

import json
import sys
import time

import dbus

NAME = "org.chromium.flimflam"


def interface(path, kind):
    return dbus.Interface(BUS.get_object(NAME, path), f"{NAME}.{kind}")


def manager():
    return interface("/", "Manager")


def every(listed, kind):
    return {str(path): interface(path, kind).GetProperties() for path in manager().GetProperties()[listed]}


def plain(value):
    if isinstance(value, dbus.Boolean):
        return bool(value)
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    return int(value) if isinstance(value, int) else str(value)


def named_service(name, seconds=30):
    """connect-service waits for a Service of exactly this name."""
    for _ in range(int(seconds / 0.2)):
        for path, properties in every("Services", "Service").items():
            if properties["Name"] == name:
                return interface(path, "Service")
        time.sleep(0.2)
    raise SystemExit(f"no service {name}")


def wait_state(service, states, seconds=15):
    for _ in range(int(seconds / 0.1)):
        state = str(service.GetProperties()["State"])
        if state in states:
            return state
        time.sleep(0.1)
    raise SystemExit(f"state is {state}")


def typed(name, value):
    """set-service-property knows the types of a few properties; all others are text."""
    if name == "Priority":
        return dbus.Int32(int(value))
    if name in ("AutoConnect", "WiFi.HiddenSSID", "EAP.UseSystemCAs", "SaveCredentials", "ManagedCredentials"):
        return dbus.Boolean(value.lower() in ("true", "1"))
    return value


def pairs(arguments):
    return {name: typed(name, value) for name, value in zip(arguments[::2], arguments[1::2])}


def connect_service(name):
    service = named_service(name)
    service.Connect()
    wait_state(service, ("configuration", "ready", "portal", "online"))
    return wait_state(service, ("ready", "portal", "online"))


def disconnect_service(name):
    service = named_service(name)
    try:
        service.Disconnect()
    except dbus.exceptions.DBusException as error:
        if error.get_dbus_name() not in (f"{NAME}.Error.InProgress", f"{NAME}.Error.NotConnected"):
            raise
    return wait_state(service, ("idle",))


def list_ipconfigs(wanted):
    found = []
    for path, properties in every("Devices", "Device").items():
        if wanted in path or wanted in str(properties["Interface"]):
            found += [interface(config, "IPConfig").GetProperties() for config in properties["IPConfigs"]]
    return found


def get_profile_entry(part, entry):
    for path in manager().GetProperties()["Profiles"]:
        if part in path:
            try:
                return interface(path, "Profile").GetEntry(entry)
            except dbus.exceptions.DBusException:
                return "not found"
    return "no such profile"


def set_device_property(part, name, value):
    types = {"ScanInterval": dbus.UInt16, "BgscanSignalThreshold": dbus.Int32, "Powered": dbus.Boolean}
    for path in manager().GetProperties()["Devices"]:
        if part in path:
            interface(path, "Device").SetProperty(name, types.get(name, str)(value))
    return None


def by_part(listed, kind, part):
    return next(interface(path, kind) for path in manager().GetProperties()[listed] if part in path)


# A dictionary of plain values goes out as a{sv} only because introspection says so.
VERBS = {
    "list-manager": lambda: dict(sorted(manager().GetProperties().items())),
    "list-devices": lambda: every("Devices", "Device"),
    "list-services": lambda: every("Services", "Service"),
    "list-profiles": lambda: every("Profiles", "Profile"),
    "list-ipconfigs": list_ipconfigs,
    "list-connected-services": lambda: [
        path for path, of in every("Services", "Service").items() if of["IsConnected"] and of["Type"]
    ],
    "connect-service": connect_service,
    "disconnect-service": disconnect_service,
    "enable-device": lambda part: by_part("Devices", "Device", part).Enable(),
    "disable-device": lambda part: by_part("Devices", "Device", part).Disable(),
    "set-device-property": set_device_property,
    "set-service-property": lambda name, key, value: named_service(name).SetProperty(key, typed(key, value)),
    "clr-service-property": lambda part, key: by_part("Services", "Service", part).ClearProperty(key),
    "configure-service": lambda guid, *rest: manager().ConfigureService({"GUID": guid, **pairs(rest)}),
    "get-service": lambda guid, *rest: interface(
        manager().GetService({"GUID": guid, **pairs(rest)}), "Service"
    ).GetProperties(),
    "get-profile-entry": get_profile_entry,
    "rm-service": lambda part: by_part("Services", "Service", part).Remove(),
    "service-order": lambda *order: manager().SetServiceOrder(order[0]) if order else manager().GetServiceOrder(),
    "set-arp-gateway": lambda value: manager().SetProperty("ArpGateway", dbus.Boolean(value == "true")),
    "set-portal-list": lambda value: manager().SetProperty("CheckPortalList", value),
    "start-scanning": lambda technology: manager().RequestScan(technology),
    "claim-interface": lambda claimer, link: manager().ClaimInterface(claimer, link),
    "release-interface": lambda claimer, link: manager().ReleaseInterface(claimer, link),
    "recheck-portal": lambda: manager().RecheckPortal(),
    "find-service": lambda *rest: manager().FindMatchingService(dbus.Dictionary(pairs(rest), signature="sv")),
    "configure-for-profile": lambda profile, *rest: manager().ConfigureServiceForProfile(
        dbus.ObjectPath(profile), pairs(rest)
    ),
}

BUS = dbus.SystemBus()
try:
    print(json.dumps(plain(VERBS[sys.argv[1]](*sys.argv[2:]))))
except dbus.exceptions.DBusException as error:
    print(json.dumps({"error": error.get_dbus_name(), "text": error.get_dbus_message()}))
