/** Facts of the place at the moment, gathered from Services for the conditions. Pure. */
import { addressesOf } from "../network/ip-settings.ts";
import { isConnected } from "../services/connect-states.ts";
import type { Service } from "../services/service.ts";
import type { ObjectKind, PlaceFacts } from "./conditions.ts";
import type { Gateway } from "./gateway-macs.ts";

export interface PlaceSources {
  readonly services: readonly Service[];
  readonly systemDomain: string | undefined;
  /** Milliseconds since 1970. */
  readonly wallTime: number;
  /** Of {@link gatewaysOf}, as far as they have answered. */
  readonly gatewayMacs: readonly string[];
  isActive(kind: ObjectKind, name: string): boolean | undefined;
}

export function gatherPlace({ services, systemDomain, wallTime, gatewayMacs, isActive }: PlaceSources): PlaceFacts {
  const connected = services.filter(({ state }) => isConnected(state));
  const settings = connected.flatMap(({ network }) => network?.effective ?? []);
  const told = settings.flatMap(({ domainName, searchDomains }) => [domainName ?? "", ...searchDomains]);
  const now = new Date(wallTime);
  return {
    addresses: settings.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6].flatMap(addressesOf).map(({ address }) => address)),
    advertisedDomains: [...new Set(told.filter((domain) => domain !== ""))],
    systemDomain,
    essids: radioFacts(connected, "WiFi.HexSSID").map((hex) => Buffer.from(hex, "hex")),
    bssids: radioFacts(connected, "WiFi.BSSID"),
    gatewayMacs,
    minuteOfDay: now.getHours() * 60 + now.getMinutes(),
    isActive,
  };
}

/** The routers that connected Services lead through. */
export const gatewaysOf = (services: readonly Service[]): readonly Gateway[] =>
  services
    .filter(({ state }) => isConnected(state))
    .flatMap(({ network }) => {
      const { ipv4, ipv6 } = network?.effective ?? {};
      return [ipv4, ipv6].flatMap((own) =>
        network && own?.gateway !== undefined ? [{ link: network.layer3Link, address: own.gateway }] : [],
      );
    });

/** A property of shill's that radios' Services have; others have none of that name. */
function radioFacts(services: readonly Service[], property: string): readonly string[] {
  return services.flatMap((service) => {
    const value = service.shape.defs.get(property)?.get?.(service);
    return typeof value === "string" && value !== "" ? [value] : [];
  });
}

/** Milliseconds from now to the next of these minutes of the day; undefined: there are none. */
export function untilMinute(minutes: readonly number[], wallTime: number): number | undefined {
  const now = new Date(wallTime);
  const [dayMs, minuteMs] = [86_400_000, 60_000];
  const sinceMidnight =
    ((now.getHours() * 60 + now.getMinutes()) * 60 + now.getSeconds()) * 1000 + now.getMilliseconds();
  const waits = minutes.map((minute) => (minute * minuteMs - sinceMidnight + dayMs) % dayMs || dayMs);
  return waits.length === 0 ? undefined : Math.min(...waits);
}
