import type { AnyExportedInterface, BusPort } from "../bus.ts";
import { addedObject, changedProperties } from "./managed-objects.ts";
import type { TreeObject } from "./object-tree.ts";

const managerInterface = "org.freedesktop.DBus.ObjectManager";
const propertiesInterface = "org.freedesktop.DBus.Properties";
/** Objects announced anew per turn after a reconnect: a few milliseconds, so that other work goes on in between. */
const objectsPerTurn = 64;

/**
 * The signals of ObjectManager and Properties. They go out at the end of the turn: an object that came and went within
 * it is never told of, and a property that changed ten times is told once, with its last value.
 */
export class Announcements {
  readonly #added = new Set<TreeObject>();
  #changed = new Map<TreeObject, Map<string, Set<string>>>();
  #isScheduled = false;

  constructor(
    private readonly bus: BusPort,
    /** Path of the ObjectManager that tells. */
    private readonly root: string,
    private readonly onFailure: (where: string, error: unknown) => void,
  ) {}

  added(object: TreeObject): void {
    if (!this.#isListened) return;
    this.#added.add(object);
    this.#schedule();
  }
  removed(object: TreeObject): void {
    this.#changed.delete(object);
    if (this.#added.delete(object) || !this.#isListened) return;
    const names = object.interfaces.map(({ name }) => name);
    this.bus.emit(this.root, managerInterface, "InterfacesRemoved", "oas", [object.path, names]);
  }
  changed(object: TreeObject, interfaceName: string, property: string): void {
    // The announcement to come has all its values.
    if (!this.#isListened || this.#added.has(object)) return;
    const interfaces = this.#changed.get(object) ?? new Map<string, Set<string>>();
    this.#changed.set(object, interfaces);
    const names = interfaces.get(interfaceName);
    if (names) names.add(property);
    else interfaces.set(interfaceName, new Set([property]));
    this.#schedule();
  }
  /** An object's own signal must not come before the announcement of the object. */
  beforeSignal(object: TreeObject): void {
    if (this.#added.delete(object)) this.#tellAdded(object);
  }
  /** Drops announcements for a connection that is gone. */
  forget(): void {
    this.#added.clear();
    this.#changed = new Map();
  }
  /** Tells all objects as added, some per turn; those that go meanwhile are left out. */
  repeatAll(objects: Iterable<TreeObject>): void {
    const waiting = [...objects];
    const tellSome = () => {
      for (const object of waiting.splice(0, objectsPerTurn)) if (!object.isRemoved) this.added(object);
      if (waiting.length > 0) setImmediate(tellSome);
    };
    tellSome();
  }

  get #isListened(): boolean {
    return this.bus.uniqueName !== undefined;
  }
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.#flush());
  }
  #flush(): void {
    this.#isScheduled = false;
    const added = [...this.#added];
    const changed = this.#changed;
    this.forget();
    for (const object of added) this.#tellAdded(object);
    changed.forEach((interfaces, object) => {
      interfaces.forEach((properties, name) => {
        const exported = object.find(name);
        if (exported) this.#guarded(object.path, () => this.#tellChanged(object, exported, properties));
      });
    });
  }
  #tellAdded(object: TreeObject): void {
    if (object.path === this.root) return;
    this.#guarded(object.path, () =>
      this.bus.emit(this.root, managerInterface, "InterfacesAdded", "oa{sa{sv}}", addedObject(object)),
    );
  }
  /**
   * An announcement has no caller to catch its error; a getter that fails must not take the process with it, nor the
   * other objects.
   */
  #guarded(path: string, announce: () => void): void {
    try {
      announce();
    } catch (error) {
      this.onFailure(path, error);
    }
  }
  #tellChanged(object: TreeObject, exported: AnyExportedInterface, names: Iterable<string>): void {
    const body = changedProperties(object, exported, names);
    if (body) this.bus.emit(object.path, propertiesInterface, "PropertiesChanged", "sa{sv}as", body);
  }
}
