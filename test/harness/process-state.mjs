/** The globals that tests replace. The others are known by their names alone: Node fills in many at their first use. */
const replaceable = [
  ...["Date", "setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "clearImmediate"],
  ...["queueMicrotask", "fetch", "console"],
];

/** State that test files of one process share and must leave as it was. */
export class ProcessState {
  #facts = new Map();

  constructor() {
    for (const [name, value] of Object.entries(process.env)) this.#facts.set(`environment ${name}`, value);
    for (const name of process.eventNames())
      this.#facts.set(`listeners of ${String(name)}`, process.listenerCount(name));
    for (const name of Object.getOwnPropertyNames(globalThis)) this.#facts.set(`global ${name}`, true);
    for (const name of replaceable) this.#facts.set(`global ${name}`, globalThis[name]);
    for (const name of process.getActiveResourcesInfo()) {
      this.#facts.set(`running ${name}`, (this.#facts.get(`running ${name}`) ?? 0) + 1);
    }
    this.#facts.set("working folder", process.cwd());
    this.#facts.set("umask", process.umask());
  }

  /** The names of changed facts, as one text; undefined when there are none. */
  differenceTo(before) {
    const names = new Set([...this.#facts.keys(), ...before.#facts.keys()]);
    const different = [...names].filter((name) => this.#facts.get(name) !== before.#facts.get(name));
    return different.length > 0 ? different.join(", ") : undefined;
  }
}
