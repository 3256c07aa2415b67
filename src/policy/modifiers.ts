import { DaemonError } from "../base/errors.ts";
import type { WireVariant } from "../base/property.ts";
import type { AutomationHost } from "./automation-host.ts";
import type { PlaceFacts } from "./conditions.ts";
import { Modifier, type ModifierKeeper } from "./modifier.ts";
import { checkObjectName, storedObjects } from "./stored-objects.ts";

/** Consequences of a change of a Modifier. */
export interface ModifierRun {
  /** Once the burst is over. */
  askForCheck(): void;
  /** Entries of Profiles were changed. */
  reload(): void;
}

/** Keeps the Modifiers of the Profile stack; any number may be active. */
export class Modifiers implements ModifierKeeper {
  readonly #stored = new Map<string, Modifier>();
  constructor(
    private readonly host: AutomationHost,
    private readonly run: ModifierRun,
  ) {}

  get all(): readonly Modifier[] {
    return [...this.#stored.values()];
  }
  find(name: string): Modifier | undefined {
    return this.all.find((modifier) => modifier.name.toLowerCase() === name.toLowerCase());
  }

  /** As the Profiles have it now. True: some came or went. */
  reload(): boolean {
    const wanted = new Map(storedObjects(this.host.profiles, "modifier").map((object) => [object.name, object]));
    const gone = this.all.filter(({ name }) => !wanted.has(name));
    for (const modifier of gone) {
      this.#stored.delete(modifier.name);
      modifier.leave("it was removed");
    }
    let hasNew = false;
    for (const [name, object] of wanted) {
      const known = this.#stored.get(name);
      hasNew ||= !known;
      const modifier = known ?? this.#make(name);
      if (modifier.restore(object)) modifier.settingsRead();
      this.#stored.set(name, modifier);
    }
    return hasNew || gone.length > 0;
  }
  #make(name: string): Modifier {
    return new Modifier(this.host, name, this);
  }

  /**
   * In the machine's Profile. Throws DaemonError: AlreadyExists, InvalidArguments, InvalidProperty, or the store's
   * error.
   */
  create(name: string, settings: ReadonlyMap<string, WireVariant>): Modifier {
    checkObjectName("modifier", name);
    if (this.find(name)) throw new DaemonError("AlreadyExists", `there is a Modifier ${name}`);
    const profile = this.host.profiles.profileForDevices();
    if (!profile) throw new DaemonError("NotFound", "there is no Profile of the machine");
    const modifier = this.#make(name);
    modifier.create(profile, settings);
    return modifier;
  }
  destroy(modifier: Modifier): void {
    modifier.profile?.store.delete(modifier.entry);
    this.run.reload();
  }
  changed(): void {
    this.run.askForCheck();
  }
  switchTo(modifier: Modifier, isEnabled: boolean): void {
    if (modifier.isConditional) {
      throw new DaemonError("WrongState", `${modifier.name} is not manual: its conditions decide`);
    }
    if (modifier.heldBackBecause !== undefined) throw new DaemonError("WrongState", modifier.heldBackBecause);
    modifier.failedAtMs = undefined;
    modifier.switchTo(isEnabled);
    this.run.askForCheck();
  }

  check(facts: PlaceFacts): void {
    for (const modifier of this.all) modifier.follow(modifier.wish(facts));
  }
  async stop(): Promise<void> {
    await Promise.all(this.all.map((modifier) => modifier.end()));
  }
}
