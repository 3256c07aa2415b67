/** Names asked for at the name servers of one link, from its own addresses, without the host's resolver. */
import { randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { describeError } from "../base/errors.ts";
import type { IpFamily } from "../base/ip-address.ts";
import { addressQuestion, readAddressAnswer } from "./dns-message.ts";

/** From where a name is asked for: a link's own addresses and the name servers of its network. */
export interface NameLookupLink {
  readonly addresses: readonly string[];
  readonly nameServers: readonly string[];
}

const tries = 2;
const port = 53;

export interface LinkQuestion {
  readonly host: string;
  readonly link: NameLookupLink;
  /** Milliseconds for each of two tries. */
  readonly timeoutMs: number;
  readonly abort?: AbortSignal;
}

/**
 * Results of each family of the link, IPv6 first; a family without an own address is not asked for. Servers with a
 * link-local address (`fe80::1%eth0`) are asked after the others: Node's own client drops the zone and cannot reach
 * them.
 */
export async function askLink(question: LinkQuestion): Promise<readonly PromiseSettledResult<readonly string[]>[]> {
  const { addresses, nameServers } = question.link;
  const own = (family: IpFamily) => addresses.find((address) => isIP(address) === family);
  const families = ([6, 4] as const).filter((family) => own(family) !== undefined);
  const zoned = nameServers.filter((server) => server.includes("%"));
  const plain = nameServers.filter((server) => !server.includes("%"));
  const answers =
    plain.length === 0 ? [] : await Promise.allSettled(askPlain(question, plain, families, own(4), own(6)));
  const isFound = answers.some((answer) => answer.status === "fulfilled" && answer.value.length > 0);
  if (isFound || zoned.length === 0 || question.abort?.aborted) return answers;
  return Promise.allSettled(families.map((family) => askZoned(question, zoned, family)));
}

function askPlain(
  { host, timeoutMs, abort }: LinkQuestion,
  servers: readonly string[],
  families: readonly IpFamily[],
  own4 = "0.0.0.0",
  own6 = "::",
): readonly Promise<readonly string[]>[] {
  const resolver = new Resolver({ timeout: timeoutMs, tries });
  resolver.setServers(servers);
  resolver.setLocalAddress(own4, own6);
  abort?.addEventListener("abort", () => resolver.cancel(), { once: true });
  return families.map((family) => (family === 6 ? resolver.resolve6(host) : resolver.resolve4(host)));
}

/** One server after the other; the last one's failure is told. */
async function askZoned(
  { host, timeoutMs, abort }: LinkQuestion,
  servers: readonly string[],
  family: IpFamily,
): Promise<readonly string[]> {
  let failure: unknown;
  for (let left = tries * servers.length; left > 0 && !abort?.aborted; left--) {
    const server = servers[left % servers.length] as string;
    try {
      return await askServer(server, { host, timeoutMs, ...(abort && { abort }) }, family);
    } catch (error) {
      failure = error;
    }
  }
  throw failure ?? new Error("aborted");
}

/** Over UDP: addresses fit into one packet. Rejects on silence, refusal or an error of the socket. */
function askServer(
  server: string,
  { host, timeoutMs, abort }: Omit<LinkQuestion, "link">,
  family: IpFamily,
): Promise<readonly string[]> {
  const id = randomInt(0x10000);
  const question = addressQuestion(id, host, family);
  const socket = createSocket("udp6");
  const asked = new Promise<readonly string[]>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${server} is silent`)), timeoutMs);
    const signal = abort ?? new AbortController().signal;
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    socket.once("close", () => clearTimeout(timer));
    socket.on("error", reject);
    socket.on("message", (message) => {
      const answer = readAddressAnswer(message, id, family);
      if (answer.kind === "addresses") resolve(answer.addresses);
      else if (answer.kind === "refused") reject(new Error(`${server}: ${answer.because}`));
    });
    // Connected, packets of others do not count, and a closed port is an error.
    socket.connect(port, server, () => socket.send(question, (error) => error && reject(error)));
  });
  return asked.finally(() => closeQuietly(socket));
}

function closeQuietly(socket: Socket): void {
  socket.removeAllListeners("error");
  socket.on("error", () => {});
  socket.close();
}

/** Port for names that have to be looked up through one certain link, without the host's resolver. */
export interface NameLookup {
  /**
   * Of the families that the link has; IPv6 first. Rejects when there are none, with the reason for people. Takes a few
   * seconds at most.
   */
  addressesOf(host: string, link: NameLookupLink): Promise<readonly string[]>;
}

/** With two tries a silent server costs three seconds. */
const firstTimeoutMs = 1000;
/** Of each family: more would be a mistake or an attack. */
const mostAddresses = 8;

/**
 * {@link NameLookup} at the name servers of the link. Questions leave from the link's addresses, and so by the link's
 * table.
 */
export class DnsNameLookup implements NameLookup {
  async addressesOf(host: string, { addresses, nameServers }: NameLookupLink): Promise<readonly string[]> {
    if (isIP(host) !== 0) return [host];
    if (nameServers.length === 0) throw new Error("the network has no name server");
    const answers = await askLink({ host, link: { addresses, nameServers }, timeoutMs: firstTimeoutMs });
    const found = answers.flatMap((answer) =>
      answer.status === "fulfilled" ? answer.value.slice(0, mostAddresses) : [],
    );
    if (found.length > 0) return found;
    const failed = answers.find((answer) => answer.status === "rejected");
    throw new Error(failed ? describeError(failed.reason) : "the link has no address to ask from");
  }
}
