import { formatIpAddress } from "../../src/base/ip-address.ts";
import type { IncomingCall } from "../../src/bus/bus.ts";
import type { FakeBus, FakeBusPort } from "./fake-bus.ts";

const resolvedName = "org.freedesktop.resolve1";

interface FakeLinkNames {
  readonly nameServers: readonly string[];
  readonly searchDomains: readonly string[];
  readonly isDefault: boolean;
}
const nothing: FakeLinkNames = { nameServers: [], searchDomains: [], isDefault: false };

/** systemd-resolved in memory, on a fake bus. Links are those that the test names. */
export class FakeResolved {
  readonly links = new Map<number, FakeLinkNames>();
  /** Every call that changed something, as `MEMBER LINK`. */
  readonly calls: string[] = [];
  /** An error name to answer with, as polkit's no. */
  refusal: string | undefined;
  #port: FakeBusPort | undefined;

  constructor(
    private readonly bus: FakeBus,
    private readonly known: ReadonlySet<number>,
  ) {}

  async start(): Promise<void> {
    this.#port = this.bus.port(0);
    await this.#port.connect();
    this.#port.serve((call) => this.#answer(call));
    await this.#port.requestName(resolvedName);
  }
  /** It ends, and forgets. */
  async stop(): Promise<void> {
    await this.#port?.close();
    this.links.clear();
  }

  #answer(call: IncomingCall): void {
    const [link, value] = call.args() as [number, unknown];
    if (this.refusal !== undefined) {
      call.fail(this.refusal, "not authorised");
    } else if (!this.known.has(link)) {
      call.fail(`${resolvedName}.NoSuchLink`, `Link ${link} not known`);
    } else if (!this.#change(call.member, link, value)) {
      call.fail("org.freedesktop.DBus.Error.UnknownMethod", call.member);
    } else {
      this.calls.push(`${call.member} ${link}`);
      call.reply("", []);
    }
  }
  #change(member: string, link: number, value: unknown): boolean {
    const has = this.links.get(link) ?? nothing;
    if (member === "SetLinkDNS") this.links.set(link, { ...has, nameServers: serversOf(value) });
    else if (member === "SetLinkDomains") this.links.set(link, { ...has, searchDomains: domainsOf(value) });
    else if (member === "SetLinkDefaultRoute") this.links.set(link, { ...has, isDefault: value === true });
    else if (member === "RevertLink") this.links.delete(link);
    else return false;
    return true;
  }
}

const serversOf = (value: unknown) =>
  (value as readonly [number, Buffer][]).map(([family, bytes]) => formatIpAddress(family === 2 ? 4 : 6, bytes));
const domainsOf = (value: unknown) => (value as readonly [string, boolean][]).map(([domain]) => domain);
