import type { Cancel } from "../base/clock.ts";
import { DaemonError } from "../base/errors.ts";
import { PropertyShape, PropertyStore, propertyTable, type WireVariant } from "../base/property.ts";
import type { Profile } from "../profiles/profile.ts";
import type { AutomationHost } from "./automation-host.ts";
import { type Condition, type ObjectKind, type PlaceFacts, parseCondition, type Verdict } from "./conditions.ts";
import { GatewayMacs } from "./gateway-macs.ts";
import { LinkPolicies, policyNames } from "./link-policies.ts";
import type { Location } from "./location.ts";
import { Locations } from "./locations.ts";
import type { Modifier } from "./modifier.ts";
import { Modifiers } from "./modifiers.ts";
import { gatewaysOf, gatherPlace, untilMinute } from "./place.ts";

/** Facts without an event of their own (a clock that was set, a host that was renamed) are seen within this. */
const checkIntervalMs = 120_000;

type Settings = ReadonlyMap<string, WireVariant>;

/** Decisions that wait for the end of a burst, in this order: Modifiers, Locations, the priority group. */
export class Automation {
  readonly modifiers: Modifiers;
  readonly locations: Locations;
  readonly policies: LinkPolicies;
  readonly #gatewayMacs: GatewayMacs;
  #properties: PropertyStore<Automation> | undefined;
  #cancelTimer: Cancel = () => {};
  #isRunning = false;
  /** How often all was decided, for tests and the debug dump. */
  checks = 0;

  constructor(private readonly host: AutomationHost) {
    this.modifiers = new Modifiers(host, this);
    this.locations = new Locations(host, this);
    this.policies = new LinkPolicies(host);
    const { clock, log, rtnl } = host;
    this.#gatewayMacs = new GatewayMacs({ clock, log, rtnl, changed: () => this.askForCheck() });
  }

  get properties(): PropertyStore<Automation> {
    this.#properties ??= new PropertyStore<Automation>(this, automationShape);
    return this.#properties;
  }
  setProperty(): void {
    throw new DaemonError("InvalidArguments", "Property is read-only");
  }

  start(): void {
    this.#isRunning = true;
    this.reload();
  }
  /** Decides nothing more. */
  halt(): void {
    this.#isRunning = false;
    this.#cancelTimer();
    this.#gatewayMacs.stop();
  }
  /** Modifiers that are active are stopped, and the packet filter goes; name servers stay with the connections. */
  async stop(): Promise<void> {
    this.halt();
    await Promise.all([this.modifiers.stop(), this.locations.stop()]);
  }

  /** Profiles have other entries than before. */
  reload(): void {
    if (!this.#isRunning) return;
    const [haveLocations, haveModifiers] = [this.locations.reload(), this.modifiers.reload()];
    if (haveLocations || haveModifiers) {
      this.host.listsChanged();
      this.properties.touchAll();
    }
    this.askForCheck();
  }

  /** Once the burst is over; asking often costs one check. */
  askForCheck(): void {
    if (this.#isRunning) this.host.whenQuiet("policy", () => this.check());
  }
  /** At once: a person waits for it. */
  check(): void {
    if (!this.#isRunning) return;
    this.checks++;
    this.#followGateways();
    this.modifiers.check(this.place());
    this.locations.check(this.place());
    this.policies.check();
    this.properties.touchAll();
    this.#armTimer();
  }
  get #conditions(): readonly Condition[] {
    return [...this.locations.all, ...this.modifiers.all].flatMap(({ parsedConditions }) => parsedConditions);
  }
  /** A router is asked for its MAC address only where a condition is about it. */
  #followGateways(): void {
    const isAsked = this.#conditions.some(({ needsGatewayMacs }) => needsGatewayMacs);
    this.#gatewayMacs.follow(isAsked ? gatewaysOf(this.host.services.all) : []);
  }
  /** A machine without conditions is not woken. */
  #armTimer(): void {
    this.#cancelTimer();
    const conditions = this.#conditions;
    if (conditions.length === 0) return;
    const boundary = untilMinute(
      conditions.flatMap(({ boundaries }) => boundaries),
      this.host.clock.wallTime(),
    );
    const wait = Math.min(checkIntervalMs, boundary ?? checkIntervalMs);
    this.#cancelTimer = this.host.clock.startTimer("policy-check", wait, () => this.askForCheck());
  }

  /** Where a new Location goes: the Profile that is named, else the top of the stack. Throws InvalidArguments. */
  profileForLocation(settings: Settings): Profile {
    const path = settings.get("Profile")?.value;
    const { profiles } = this.host;
    const profile = path === undefined ? profiles.profileForNew() : profiles.byPath(String(path));
    if (!profile)
      throw new DaemonError(
        "InvalidArguments",
        `no Profile on the stack is ${JSON.stringify(String(path).slice(0, 80))}`,
      );
    return profile;
  }
  /** Stored and on the bus when it returns. Throws DaemonError, and then nothing is left of it. */
  createLocation(name: string, settings: Settings): Location {
    const profile = this.profileForLocation(settings);
    const rest = new Map([...settings].filter(([setting]) => setting !== "Profile"));
    this.locations.create(profile, name, rest);
    this.reload();
    return this.#known(this.locations.find(name), name);
  }
  createModifier(name: string, settings: Settings): Modifier {
    this.modifiers.create(name, settings);
    this.reload();
    return this.#known(this.modifiers.find(name), name);
  }
  #known<T>(object: T | undefined, name: string): T {
    if (!object) throw new DaemonError("InternalError", `${name} was stored and is not there`);
    return object;
  }
  activatePolicy(name: string): void {
    this.policies.activate(name);
    this.check();
  }

  /** For the debug dump. */
  get state(): object {
    const brief = ({ name, state, because }: Location | Modifier) => ({ name, state, because });
    return {
      checks: this.checks,
      policy: this.policies.active,
      currentGroup: this.policies.currentGroup,
      choice: this.locations.choice,
      locations: this.locations.all.map(brief),
      modifiers: this.modifiers.all.map(brief),
    };
  }

  place(): PlaceFacts {
    return gatherPlace({
      services: this.host.services.all,
      systemDomain: this.host.hostDomain(),
      wallTime: this.host.clock.wallTime(),
      gatewayMacs: this.#gatewayMacs.all,
      isActive: (kind, name) => this.#isActive(kind, name),
    });
  }
  #isActive(kind: ObjectKind, name: string): boolean | undefined {
    switch (kind) {
      case "policy": {
        const policy = policyNames.find((known) => known.toLowerCase() === name.toLowerCase());
        return policy && policy === this.policies.active;
      }
      case "link":
        return this.host.links().get(name);
      case "modifier": {
        const modifier = this.modifiers.find(name);
        return modifier && modifier.state === "online";
      }
      case "location": {
        const location = this.locations.find(name);
        return location && location === this.locations.active;
      }
    }
  }

  /** In its normal form. Throws InvalidArguments with the column. */
  validate(text: string): string {
    return parseCondition(text).text;
  }
  evaluate(text: string): Verdict {
    return parseCondition(text).evaluate(this.place());
  }
}

export const automationShape = new PropertyShape<Automation>(
  propertyTable<Automation>()({
    ActiveLocation: {
      signature: "o",
      doc: "The Location in force; / before the first choice.",
      get: ({ locations }) => locations.active?.path ?? "/",
    },
    ActivePolicy: { signature: "o", doc: "The policy in force.", get: ({ policies }) => `/policy/${policies.active}` },
    Locations: {
      signature: "ao",
      doc: "All Locations: the built-in ones, then those of Profiles, the lowest first.",
      get: ({ locations }) => locations.all.map(({ path }) => path),
    },
    Modifiers: {
      signature: "ao",
      doc: "All Modifiers.",
      get: ({ modifiers }) => modifiers.all.map(({ path }) => path),
    },
    Policies: { signature: "ao", doc: "All policies.", get: () => policyNames.map((name) => `/policy/${name}`) },
  }),
);
