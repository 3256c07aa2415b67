import { DaemonError, describeError } from "../base/errors.ts";
import type { WireVariant } from "../base/property.ts";
import { consent } from "../profiles/consents.ts";
import { isSameOwner, type Profile } from "../profiles/profile.ts";
import type { AutomationHost, NameService, StoredObject } from "./automation-host.ts";
import type { PlaceFacts } from "./conditions.ts";
import { Location, type LocationKeeper } from "./location.ts";
import { automatic, chooseLocation, type LocationChoice, noNet } from "./location-choice.ts";
import { PacketFilter } from "./packet-filter.ts";
import { checkObjectName, storedObjects } from "./stored-objects.ts";

/** Consequences of a client's order. */
export interface LocationRun {
  /** At once: a person waits for it. */
  check(): void;
  /** Entries of Profiles were changed. */
  reload(): void;
}

/** Keeps the Locations of the Profile stack, and exactly one of them active. */
export class Locations implements LocationKeeper {
  readonly #noNet: Location;
  readonly #automatic: Location;
  readonly #stored = new Map<string, Location>();
  readonly #filter: PacketFilter;
  #active: Location | undefined;
  #hasNet = false;
  /** Enabled by hand: it will be active when there is a network. */
  #next: Location | undefined;
  /** Of the newest activation; an older one that is still under way yields. */
  #turn = 0;
  choice: LocationChoice | undefined;

  constructor(
    private readonly host: AutomationHost,
    private readonly run: LocationRun,
  ) {
    const builtIn = (name: string) => new Location(host, name, true, this);
    this.#noNet = builtIn(noNet);
    this.#automatic = builtIn(automatic);
    this.#filter = new PacketFilter(host);
  }

  get all(): readonly Location[] {
    return [this.#noNet, this.#automatic, ...this.#stored.values()];
  }
  get active(): Location | undefined {
    return this.#active;
  }
  find(name: string): Location | undefined {
    return this.all.find((location) => location.name.toLowerCase() === name.toLowerCase());
  }

  /** As the Profiles have it now. True: some came or went. */
  reload(): boolean {
    const isBuiltIn = ({ name }: StoredObject) =>
      [noNet, automatic].some((own) => own.toLowerCase() === name.toLowerCase());
    const objects = storedObjects(this.host.profiles, "location").filter((object) => !isBuiltIn(object));
    const wanted = new Map(objects.map((object) => [object.name, object]));
    for (const builtIn of [this.#noNet, this.#automatic]) {
      const rows = this.host.profiles.profileForDevices()?.store.read(builtIn.entry);
      builtIn.isEnabled = rows?.get("Enabled") === "true";
      builtIn.properties.touch("Enabled");
    }
    const gone = [...this.#stored.keys()].filter((name) => !wanted.has(name));
    for (const name of gone) this.#stored.delete(name);
    let hasNew = false;
    for (const [name, object] of wanted) {
      const known = this.#stored.get(name);
      hasNew ||= !known;
      const location = known ?? this.#make(name);
      if (location.restore(object)) this.#settingsChanged(location);
      this.#stored.set(name, location);
    }
    return hasNew || gone.length > 0;
  }
  #make(name: string): Location {
    return new Location(this.host, name, false, this);
  }
  settingsChanged(location: Location): void {
    this.#settingsChanged(location);
    this.run.check();
  }

  /** Throws DaemonError: AlreadyExists, InvalidArguments, InvalidProperty, or the store's error. */
  create(profile: Profile, name: string, settings: ReadonlyMap<string, WireVariant>): Location {
    checkObjectName("location", name);
    if (this.find(name)) throw new DaemonError("AlreadyExists", `there is a Location ${name}`);
    const location = this.#make(name);
    location.profile = profile;
    location.create(profile, settings);
    return location;
  }
  destroy(location: Location): void {
    if (location.isBuiltIn) throw new DaemonError("PermissionDenied", `${location.name} is built in`);
    location.profile?.store.delete(location.entry);
    this.run.reload();
  }
  agreeTo({ profile, entry, heldBackBecause }: Location): void {
    if (!profile || profile.isMachine || heldBackBecause === undefined) return;
    consent(this.host.profiles, profile, entry);
    this.run.reload();
  }
  /** Enables the Location by hand, and disables the owner's others. */
  enable(location: Location): void {
    if (location.heldBackBecause !== undefined) throw new DaemonError("WrongState", location.heldBackBecause);
    const others = this.all.filter(({ isEnabled, owner }) => isEnabled && isSameOwner(owner, location.owner));
    location.failedAtMs = undefined;
    location.switchTo(true);
    for (const other of others) if (other !== location) other.switchTo(false);
    this.run.check();
  }
  disable(location: Location): void {
    location.switchTo(false);
    this.run.check();
  }

  check(facts: PlaceFacts): void {
    // A Profile that lies higher comes first: it belongs to the person who logged in last.
    const rank = ({ profile }: Location) => (profile ? this.host.profiles.rank(profile) : -1);
    const byHand = this.all.filter(({ isEnabled }) => isEnabled).toSorted((a, b) => rank(b) - rank(a));
    const others = this.all.filter(({ isEnabled }) => !isEnabled);
    this.choice = chooseLocation(
      [...byHand, ...others].map(({ candidate }) => candidate),
      facts,
    );
    const chosen = this.find(this.choice.name) ?? this.#automatic;
    this.#hasNet = facts.addresses.length > 0;
    this.#next = byHand[0];
    if (chosen !== this.#active) this.#activate(chosen, this.choice.because);
    else if (chosen.state === "online") this.host.setNameService(this.#namesOf(chosen));
    for (const location of this.all) if (location !== chosen) this.#rest(location);
    for (const location of this.all) location.properties.touchAll();
  }
  #rest(location: Location): void {
    const because = this.#restReason(location);
    // A failed Location stays in maintenance as long as it would be chosen.
    if (location.state === "maintenance" && this.choice?.runnerUp?.name !== location.name) {
      location.advance("unwanted", because);
    }
    location.rest(because);
  }
  #restReason(location: Location): string {
    if (location.isSwitchedOff) return "it is not enabled";
    return this.choice?.others.find(({ name }) => name === location.name)?.because ?? `${this.choice?.name} was chosen`;
  }

  /** Packet filter first, then name servers: nothing asks a new server past an old filter. */
  #activate(location: Location, because: string): void {
    const before = this.#active;
    this.#active = location;
    const turn = ++this.#turn;
    if (before?.state !== "maintenance") before?.advance("unwanted", `${location.name}: ${because}`);
    // The active Location may be applied anew, with other settings.
    if (location.state === "online") location.advance("unwanted", "its settings changed");
    location.advance("wanted", because);
    const finish = () => {
      if (turn !== this.#turn) return;
      this.host.setNameService(this.#namesOf(location));
      location.advance("configured", because);
      this.#leaveFormer(location);
    };
    this.#loadFilter(location, turn, finish);
  }
  /**
   * Without a network there is nothing to ask. A network that comes is used with its own name servers in the same turn,
   * until the burst is over; with those of the Location that a person chose, if one did.
   */
  #namesOf(location: Location): NameService {
    return location === this.#noNet && !this.#hasNet ? (this.#next?.names ?? {}) : location.names;
  }
  #loadFilter(location: Location, turn: number, finish: () => void): void {
    const failed = (error: unknown) => {
      if (turn === this.#turn) this.#failed(location, describeError(error));
    };
    try {
      const loading = this.#filter.load(location.filterFile);
      if (loading) loading.then(finish, failed);
      else finish();
    } catch (error) {
      failed(error);
    }
  }
  /** All but the active one; more than one may have been left while a filter was being loaded. */
  #leaveFormer(location: Location): void {
    for (const former of this.all) {
      if (former === location || former.state !== "online*") continue;
      former.advance(former.isSwitchedOff ? "disable" : "deconfigured", `${location.name} is active`);
    }
  }
  /** Without its filter the Location is not in force: NoNet takes its place, and its name servers are not asked. */
  #failed(location: Location, because: string): void {
    if (location === this.#noNet || location === this.#automatic) {
      this.host.log.warn(`the former Location's packet filter stays: ${because}`);
      this.host.setNameService(this.#namesOf(location));
      location.advance("configured", because);
      this.#leaveFormer(location);
      return;
    }
    location.advance("failed", because);
    this.#activate(this.#noNet, `${location.name} failed: ${because}`);
  }
  /** An active one is applied anew, at the next check. */
  #settingsChanged(location: Location): void {
    location.failedAtMs = undefined;
    if (location === this.#active) this.#active = undefined;
    if (location.filterFile !== "") this.#filter.expect();
  }

  /** The daemon ends: our packet filter goes with it, and name servers stay as all else does. */
  async stop(): Promise<void> {
    await this.#filter.load("")?.catch((error) => this.host.log.warn(describeError(error)));
  }
}
