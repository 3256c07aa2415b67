import { DaemonError, describeError } from "../base/errors.ts";
import { type PropertyShape, PropertyStore, propertyTable, type WireVariant } from "../base/property.ts";
import { checkPropertyWrite } from "../base/property-access.ts";
import { type Owner, ownerOfProfile, type Profile } from "../profiles/profile.ts";
import {
  type ActivationFault,
  type ActivationInput,
  type ActivationState,
  auxOf,
  nextActivation,
} from "./activation.ts";
import type { AutomationHost, StoredObject } from "./automation-host.ts";
import { type Condition, type ConditionList, parseCondition } from "./conditions.ts";
import { checkRoomFor, type ObjectPrefix } from "./stored-objects.ts";

const activationModes = ["manual", "conditional-any", "conditional-all"] as const;
export type ActivationMode = (typeof activationModes)[number] | "system";

/** As many as one property of NWAM's may have. */
const mostConditions = 32;

/**
 * The common part of a Location and a Modifier: conditions, a switch, a state with its reason, an entry in a Profile.
 */
export abstract class Activatable {
  abstract readonly kind: ObjectPrefix;
  activationMode: ActivationMode = "manual";
  /** Switched on by hand. */
  isEnabled = false;
  profile: Profile | undefined;
  heldBackBecause: string | undefined;
  because = "new";
  failedAtMs: number | undefined;
  #state: ActivationState = "offline";
  #fault: ActivationFault | undefined;
  #conditions: readonly string[] = [];
  #parsed: readonly Condition[] | undefined = [];
  /** Fault of a stored condition; then none of the list counts. */
  conditionFault: string | undefined;
  #properties: PropertyStore<Activatable> | undefined;

  constructor(
    readonly host: AutomationHost,
    readonly name: string,
  ) {}

  abstract get shape(): PropertyShape<Activatable>;
  /** Whether the settings go together. Throws DaemonError InvalidArguments. */
  check(): void {
    if (this.isConditional && this.#conditions.length === 0) {
      throw new DaemonError("InvalidArguments", `${this.activationMode} needs conditions`);
    }
  }
  /** A setting differs from before. */
  protected abstract settingsChanged(): void;

  get properties(): PropertyStore<Activatable> {
    this.#properties ??= new PropertyStore<Activatable>(this, this.shape);
    return this.#properties;
  }
  get path(): string {
    return `/${this.kind}/${this.name}`;
  }
  get entry(): string {
    return `${this.kind}_${this.name}`;
  }
  get owner(): Owner {
    return this.profile ? ownerOfProfile(this.profile) : "machine";
  }
  get state(): ActivationState {
    return this.#state;
  }
  get aux(): string {
    return auxOf(this.#state, this.#fault);
  }
  get isConditional(): boolean {
    return this.activationMode.startsWith("conditional");
  }
  /** Chosen by hand alone, and not chosen. */
  get isSwitchedOff(): boolean {
    return this.activationMode === "manual" && !this.isEnabled;
  }
  get conditions(): readonly string[] {
    return this.#conditions;
  }
  get parsedConditions(): readonly Condition[] {
    return this.#parsed ?? [];
  }
  /** Undefined: it has none, or one of them cannot be read: then the whole list is false. */
  get conditionList(): ConditionList | undefined {
    if (!this.isConditional || this.#parsed === undefined) return undefined;
    return { mode: this.activationMode === "conditional-any" ? "any" : "all", conditions: this.#parsed };
  }

  /** In their normal form. Throws DaemonError InvalidArguments with the number of the condition and the column. */
  setConditions(texts: readonly string[]): void {
    if (texts.length > mostConditions) {
      throw new DaemonError("InvalidArguments", `there are ${texts.length} conditions; ${mostConditions} are allowed`);
    }
    const conditions = texts.map((text, at) => parseNumbered(text, at, this));
    this.#conditions = conditions.map(({ text }) => text);
    this.#parsed = conditions;
    this.conditionFault = undefined;
  }
  restoreConditions(texts: readonly string[]): void {
    try {
      this.setConditions(texts);
    } catch (error) {
      this.#conditions = texts;
      this.#parsed = undefined;
      this.conditionFault = describeError(error);
    }
  }

  /** The one way to another state; inputs that the table does not know here are ignored on purpose. */
  advance(input: ActivationInput, because: string, fault?: ActivationFault): boolean {
    const before = this.#state;
    const next = nextActivation(before, input);
    if (next === undefined) return false;
    this.#state = next;
    this.#fault = fault;
    this.because = because;
    this.failedAtMs = next === "maintenance" ? this.host.clock.now() : undefined;
    this.host.log.info(`${this.kind} ${this.name}: ${before} -> ${next} (${input}: ${because})`);
    for (const name of ["State", "Aux", "Because"]) this.properties.touch(name);
    this.host.happened({
      kind: `${this.kind}-state-changed`,
      path: this.path,
      because: `${before} -> ${next}: ${because}`,
    });
    return true;
  }
  /** As it is to stand while it is not active. */
  rest(because: string): void {
    if (this.#state === "offline" || this.#state === "disabled") {
      const hasMoved = this.advance(this.isSwitchedOff ? "disable" : "release", because);
      if (hasMoved || this.#state !== "offline") return;
      this.because = because;
      this.properties.touch("Because");
    } else if (this.#state === "maintenance" && this.isSwitchedOff) this.advance("disable", because);
  }

  /** Takes the values of the Profile. True: one of them changed. */
  restore({ profile, heldBackBecause }: StoredObject): boolean {
    const before = this.properties.rows();
    this.profile = profile;
    this.heldBackBecause = heldBackBecause;
    const rows = profile.store.read(this.entry) ?? new Map();
    this.properties.restore(rows, (name, error) =>
      this.host.log.warn(`${profile.path} ${this.entry}: stored ${name} is unreadable, default taken`, { error }),
    );
    for (const name of ["Profile", "HeldBack"]) this.properties.touch(name);
    const now = this.properties.rows();
    return now.size !== before.size || [...now].some(([name, json]) => before.get(name) !== json);
  }
  /** Throws the store's error, and then nothing has changed. */
  save(): void {
    this.profile?.store.write(this.entry, this.properties.rows());
  }
  /** A new one: all settings or none, stored before any client hears of it. Throws DaemonError. */
  create(profile: Profile, settings: ReadonlyMap<string, WireVariant>): void {
    checkRoomFor(profile, this.kind);
    const reads = [...settings].map(([name, variant]) => [name, () => this.#readSetting(name, variant)] as const);
    const { refusal } = this.properties.setAll(reads, () => {});
    if (refusal !== undefined) throw refusal;
    this.check();
    this.profile = profile;
    this.save();
  }
  #readSetting(name: string, variant: WireVariant) {
    return checkPropertyWrite(this.shape, name, variant, (of) => this.properties.value(of));
  }
  /** A client sets a property: checked and stored before it is announced, or refused and nothing has changed. */
  setProperty(name: string, value: unknown): void {
    if (!this.profile) throw new DaemonError("PermissionDenied", `${this.name} is built in and cannot be changed`);
    const commit = () => {
      this.check();
      this.save();
    };
    if (this.properties.set(name, value, commit)) this.settingsChanged();
  }
  /** Stored; throws the store's error, and then nothing has changed. */
  switchTo(isEnabled: boolean): void {
    const before = this.isEnabled;
    if (before === isEnabled) return;
    this.isEnabled = isEnabled;
    try {
      this.save();
    } catch (error) {
      this.isEnabled = before;
      throw error;
    }
    this.properties.touch("Enabled");
  }
}

function parseNumbered(text: string, at: number, { kind, name }: Activatable): Condition {
  try {
    const condition = parseCondition(text);
    if (kind === "location" && condition.object?.kind === "location") {
      throw new DaemonError("InvalidArguments", "a Location cannot depend on a Location");
    }
    if (condition.object?.kind === kind && condition.object.name.toLowerCase() === name.toLowerCase()) {
      throw new DaemonError("InvalidArguments", "nothing can depend on itself");
    }
    return condition;
  } catch (error) {
    if (!(error instanceof DaemonError)) throw error;
    throw new DaemonError("InvalidArguments", `condition ${at + 1}: ${error.message}`, { context: error.context });
  }
}

/** Lists of texts from outside: bounded, and without characters that mean something to a file or a terminal. */
export function boundedList(
  what: string,
  values: readonly string[],
  kind: string,
  isFit: (value: string) => boolean,
): readonly string[] {
  const most = 32;
  if (values.length > most)
    throw new DaemonError("InvalidArguments", `${what} has ${values.length} items; ${most} are allowed`);
  const bad = values.find((value) => !isFit(value));
  if (bad === undefined) return values;
  throw new DaemonError("InvalidArguments", `${what}: ${JSON.stringify(bad.slice(0, 80))} is no ${kind}`);
}

/** The properties that both kinds have. */
export const activationProperties = propertyTable<Activatable>()({
  ActivationMode: {
    signature: "s",
    doc: "manual: by Enable alone; conditional-any, conditional-all: by its Conditions; system: built in. Default manual.",
    get: ({ activationMode }) => activationMode,
    set: (of, value) => {
      const mode = activationModes.find((known) => known === value);
      if (!mode) throw new DaemonError("InvalidArguments", `ActivationMode is one of ${activationModes.join(", ")}`);
      of.activationMode = mode;
    },
    persist: {
      default: "manual",
      restore: (of, value) => {
        of.activationMode = activationModes.find((known) => known === value) ?? "manual";
      },
    },
  },
  Aux: {
    signature: "s",
    doc: "The second word of the state: conditions-not-met, active, method-failed and so on.",
    get: ({ aux }) => aux,
  },
  Because: { signature: "s", doc: "Why it is in its state.", get: ({ because }) => because },
  Conditions: {
    signature: "as",
    doc: "At most 32, as Conditions1.Validate takes them.",
    get: ({ conditions }) => conditions,
    set: (of, value) => of.setConditions(value),
    persist: { default: [], restore: (of, value) => of.restoreConditions(value) },
  },
  Enabled: {
    signature: "b",
    doc: "Switched on by hand, by Enable and Disable.",
    get: ({ isEnabled }) => isEnabled,
    persist: {
      default: false,
      restore: (of, value) => {
        of.isEnabled = value;
      },
    },
  },
  HeldBack: {
    signature: "s",
    doc: "Why it is stored and takes no part; empty: it counts.",
    get: ({ heldBackBecause, conditionFault }) => heldBackBecause ?? conditionFault ?? "",
  },
  Name: { signature: "s", doc: "The last part of its path.", get: ({ name }) => name },
  Profile: {
    signature: "o",
    doc: "The Profile that keeps it; / for a built-in one.",
    get: ({ profile }) => profile?.path ?? "/",
  },
  State: {
    signature: "s",
    doc: "disabled, offline, offline*, online*, online or maintenance; a star: work is under way.",
    get: ({ state }) => state,
  },
});
