import type { NameLookup, NameLookupLink } from "../../src/system/link-dns.ts";

/** A name server in memory that knows only the names of the test. */
export class FakeNames implements NameLookup {
  readonly known = new Map<string, readonly string[]>();
  /** Every question as `host from address`, in order. */
  readonly asked: string[] = [];

  async addressesOf(host: string, { addresses }: NameLookupLink): Promise<readonly string[]> {
    this.asked.push(`${host} from ${addresses.join(",")}`);
    const found = this.known.get(host);
    if (!found) throw new Error(`queryA ENOTFOUND ${host}`);
    return found;
  }
}
