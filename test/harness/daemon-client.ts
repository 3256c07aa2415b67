import { BusClient, variant } from "./bus-client.ts";

export const busName = "org.chromium.flimflam";
const flimflam = (name: string) => `org.chromium.flimflam.${name}`;

export type Properties = Readonly<Record<string, unknown>>;

/** A daemon as its clients see it, started by any means. */
export class DaemonClient {
  protected constructor(
    readonly busAddress: string,
    readonly client: BusClient,
  ) {}

  /** Whether it runs or not. */
  static async connectClient(busAddress: string): Promise<BusClient> {
    const client = await BusClient.connect(busAddress);
    await client.listen(`type='signal',sender='${busName}'`);
    return client;
  }

  call(path: string, interfaceName: string, member: string, signature = "", body: unknown[] = []): Promise<unknown[]> {
    return this.client.call(busName, path, interfaceName, member, signature, body);
  }
  /** GetProperties of a flimflam interface: `properties("/device/eth0", "Device")`. */
  async properties(path: string, kind: string): Promise<Properties> {
    const [values] = await this.call(path, flimflam(kind), "GetProperties");
    return values as Properties;
  }
  manager(): Promise<Properties> {
    return this.properties("/", "Manager");
  }
  async setProperty(path: string, kind: string, name: string, signature: string, value: unknown): Promise<void> {
    await this.call(path, flimflam(kind), "SetProperty", "sv", [name, variant(signature, value)]);
  }
  /** Every Service the Manager lists, best first. */
  async services(): Promise<Properties[]> {
    const paths = (await this.manager()).Services as string[];
    return Promise.all(
      paths.map(async (path): Promise<Properties> => ({ path, ...(await this.properties(path, "Service")) })),
    );
  }
  /** Every Device the Manager lists. */
  async devices(): Promise<Properties[]> {
    const paths = (await this.manager()).Devices as string[];
    return Promise.all(
      paths.map(async (path): Promise<Properties> => ({ path, ...(await this.properties(path, "Device")) })),
    );
  }
}
