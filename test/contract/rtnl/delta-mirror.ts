import assert from "node:assert/strict";
import type { Delta, Snapshot } from "../../../src/rtnl/rtnl.ts";

const sorted = (texts: Iterable<string>): string[] => [...texts].sort();
const asText = (value: unknown): string => JSON.stringify(value, (_key, item) => sortedKeys(item));
const sortedKeys = (item: unknown): unknown =>
  item !== null && typeof item === "object" && !Array.isArray(item)
    ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => a.localeCompare(b)))
    : item;

/** Puts the world together from deltas alone; refuses deltas that do not fit. */
export class DeltaMirror {
  readonly #links = new Map<number, string>();
  readonly #addresses = new Set<string>();
  readonly #routes = new Set<string>();
  /** Rules may be there twice, alike in all that is shown. */
  readonly #rules: string[] = [];

  hear(delta: Delta): void {
    switch (delta.kind) {
      case "link-added":
        assert.ok(!this.#links.has(delta.link.index), `${delta.link.name} was added twice`);
        this.#links.set(delta.link.index, asText(delta.link));
        break;
      case "link-changed":
        assert.equal(this.#links.get(delta.link.index), asText(delta.before), "what was before");
        this.#links.set(delta.link.index, asText(delta.link));
        break;
      case "link-removed":
        assert.ok(this.#links.delete(delta.link.index), `${delta.link.name} was not there`);
        assert.ok(![...this.#addresses].some((address) => address.includes(`"link":${delta.link.index},`)));
        break;
      case "address-changed":
        assert.ok(this.#addresses.delete(asText(delta.before)), `not there before: ${asText(delta.before)}`);
        this.#addresses.add(asText(delta.address));
        break;
      case "address-added":
        assert.ok(this.#links.has(delta.address.link), `address on an unknown link: ${asText(delta.address)}`);
        this.#addresses.add(asText(delta.address));
        break;
      case "address-removed":
        assert.ok(this.#addresses.delete(asText(delta.address)), `not there: ${asText(delta.address)}`);
        break;
      case "route-added":
        assert.ok(!this.#routes.has(asText(delta.route)), `added twice: ${asText(delta.route)}`);
        this.#routes.add(asText(delta.route));
        break;
      case "route-removed":
        assert.ok(this.#routes.delete(asText(delta.route)), `not there: ${asText(delta.route)}`);
        break;
      case "rule-added":
        this.#rules.push(asText(delta.rule));
        break;
      case "rule-removed":
        assert.ok(this.#rules.includes(asText(delta.rule)), `not there: ${asText(delta.rule)}`);
        this.#rules.splice(this.#rules.indexOf(asText(delta.rule)), 1);
        break;
      case "neighbour-changed":
      case "ipv6-link-changed":
      case "router-option-heard":
        break;
    }
  }
  assertShows(snapshot: Snapshot): void {
    assert.deepEqual(sorted(this.#links.values()), sorted([...snapshot.links.values()].map(asText)), "links");
    assert.deepEqual(sorted(this.#addresses), sorted(snapshot.addresses().map(asText)), "addresses");
    assert.deepEqual(sorted(this.#routes), sorted(snapshot.routes().map(asText)), "routes");
    assert.deepEqual(sorted(this.#rules), sorted(snapshot.rules().map(asText)), "rules");
  }
}
