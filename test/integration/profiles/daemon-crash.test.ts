import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sqliteStorage } from "../../../src/profiles/sqlite-storage.ts";
import { variant } from "../../harness/bus-client.ts";
import type { TestDaemon } from "../../harness/daemon.ts";
import { startDaemon } from "../daemon/support.ts";

/** Each costs a start of the daemon. */
const rounds = Number(process.env.FAIRLEAD_CRASH_ROUNDS ?? 40);
const manager = "org.chromium.flimflam.Manager";
const paths = ["/profile/default", "/profile/alice/work"] as const;
type Place = (typeof paths)[number];

/** A fact as it was last acknowledged, and as a call under way would have it. */
class Fact<V> {
  #next: V;
  constructor(private now: V) {
    this.#next = now;
  }
  get value(): V {
    return this.now;
  }
  async become(next: V, call: () => Promise<unknown>): Promise<void> {
    this.#next = next;
    await call();
    this.now = next;
  }
  /** After the crash one of the two is true; from then on it is the one. */
  settle(found: V, what: string): void {
    assert.ok(
      found === this.now || found === this.#next,
      `${what}: ${found}, acknowledged ${this.now}, asked for ${this.#next}`,
    );
    this.now = this.#next = found;
  }
}

class World {
  readonly words = new Fact("");
  readonly hostname = new Fact("");
  readonly place = new Fact<Place>("/profile/default");
  readonly spare = new Fact(false);
  changes = 0;
  constructor(private readonly daemon: TestDaemon) {}

  /** Changes one thing after the other until the daemon is gone. */
  async write(): Promise<void> {
    for (;;) {
      const text = `n${++this.changes}`;
      const elsewhere = paths[this.place.value === paths[0] ? 1 : 0] as Place;
      await this.words.become(text, () => this.#configure(text));
      const host = () => this.#manager("SetProperty", "sv", ["DHCPProperty.Hostname", variant("s", text)]);
      await this.hostname.become(text, host);
      await this.place.become(elsewhere, () =>
        this.daemon.setProperty("/service/0", "Service", "Profile", "s", elsewhere),
      );
      const isThere = !this.spare.value;
      await this.spare.become(isThere, () =>
        this.#manager(isThere ? "CreateProfile" : "RemoveProfile", "s", ["spare"]),
      );
    }
  }
  /** Two settings that only make sense together. */
  #configure(text: string): Promise<unknown> {
    const settings = { UIData: text, GUID: text, Type: "ethernet", Profile: this.place.value };
    const dictionary = Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, variant("s", value)]));
    return this.#manager("ConfigureService", "a{sv}", [dictionary]);
  }
  #manager(member: string, signature: string, body: unknown[]): Promise<unknown> {
    return this.daemon.call("/", manager, member, signature, body);
  }

  /** Checks the files on disk, without the daemon. */
  check(): void {
    const files = [
      join(this.daemon.stateDir, "profiles/default.db"),
      join(this.daemon.runDir, "user_profiles/alice/work.db"),
    ];
    const stores = files.map((file) => {
      const { store, setAside } = sqliteStorage.open(file, "open");
      assert.equal(setAside, undefined, file);
      return store;
    });
    const row = (at: number, entry: string, name: string) =>
      JSON.parse(stores[at]?.read(entry)?.get(name) ?? '""') as string;
    this.hostname.settle(row(0, "global", "DHCPProperty.Hostname"), "host name");
    const holders = [0, 1].filter((at) => stores[at]?.has("ethernet_any"));
    // Between the two halves of a move both have it: the upper one has the say.
    const at = holders.at(-1) as number;
    assert.notEqual(at, undefined, "the entry is somewhere");
    this.place.settle(paths[at] as Place, "place");
    assert.equal(row(at, "ethernet_any", "UIData"), row(at, "ethernet_any", "GUID"), "half a change");
    this.words.settle(row(at, "ethernet_any", "UIData"), "settings");
    for (const store of stores) store.close();
    this.spare.settle(existsSync(join(this.daemon.stateDir, "profiles/spare.db")), "the spare Profile");
  }
}

test(`the daemon, killed ${rounds} times while clients change things, loses nothing acknowledged and leaves nothing half done`, async (t) => {
  const daemon = await startDaemon(t);
  mkdirSync(join(daemon.runDir, "user_profiles/alice"), { recursive: true, mode: 0o700 });
  await daemon.call("/", manager, "CreateProfile", "s", ["~alice/work"]);
  await daemon.call("/", manager, "InsertUserProfile", "ss", ["~alice/work", "cafe"]);
  const world = new World(daemon);
  for (let round = 0; round < rounds; round++) {
    const writing = world.write().catch((error: Error) => error);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
    await daemon.kill();
    const ended = await writing;
    assert.match(String(ended), /NoReply|ServiceUnknown|NameHasNoOwner|Disconnected/);
    world.check();
    await daemon.launch();
    const service = await daemon.properties("/service/0", "Service");
    assert.deepEqual([service.Profile, service.UIData], [world.place.value, world.words.value]);
    assert.equal((await daemon.manager())["DHCPProperty.Hostname"], world.hostname.value);
  }
  const folder = readdirSync(join(daemon.stateDir, "profiles"));
  assert.ok(!folder.some((name) => name.includes("corrupted")), folder.join());
  t.diagnostic(`${world.changes * 4} changes`);
});
