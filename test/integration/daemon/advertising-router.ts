/** A router that advertises itself: radvd on the link `lan` of a peer. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { addPeer, type Cable, type Peer } from "../../harness/namespace.ts";
import type { ManagedProcess } from "../../harness/processes.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { plugIn } from "./support.ts";

export const prefix = "2001:db8:1::/64";
export const server = "2001:db8:1::53";

export interface Advertised {
  readonly lifetime?: number;
  readonly serverLifetime?: number | "infinity";
  readonly servers?: readonly string[];
  /** Its link-local address; that of the link when absent. */
  readonly source?: string;
}

const radvdText = (what: Advertised): string => {
  const { lifetime = 1800, serverLifetime = 600, servers = [server], source } = what;
  return `
interface lan {
  AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvDefaultLifetime ${lifetime};
  prefix ${prefix} { AdvOnLink on; AdvAutonomous on; AdvValidLifetime 7200; AdvPreferredLifetime 3600; };
  ${servers.map((each) => `RDNSS ${each} { AdvRDNSSLifetime ${serverLifetime}; };`).join("\n  ")}
  DNSSL six.test { AdvDNSSLLifetime 600; };
  ${source === undefined ? "" : `AdvRASrcAddress { ${source}; };`}
};
`;
};

export interface Router {
  /** Says something else from now on. */
  advertise(what: Advertised): Promise<void>;
  stop(): Promise<void>;
}

export async function startRouter(t: TestContext, peer: Peer, what: Advertised = {}): Promise<Router> {
  const folder = temporaryFolder(t);
  const file = join(folder, "radvd.conf");
  peer.exec("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1", "net.ipv6.conf.lan.accept_dad=0");
  for (const address of ["2001:db8:1::1", ...(what.source === undefined ? [] : [what.source])])
    peer.exec("ip", "address", "replace", `${address}/64`, "dev", "lan", "nodad");
  const start = async (said: Advertised) => {
    writeFileSync(file, radvdText(said));
    const radvd = peer.spawn("radvd", ["-n", "-m", "stderr", "-C", file, "-p", join(folder, "radvd.pid")]);
    await radvd.untilOutput(/version .* started/);
    return radvd;
  };
  let radvd = await start(what);
  t.after(() => radvd.end());
  return {
    advertise: async (next) => {
      // Not by a signal that makes it say farewell: a farewell is lifetime 0.
      await kill(radvd);
      radvd = await start(next);
    },
    stop: () => kill(radvd),
  };
}

export async function ipv6Lan(
  t: TestContext,
  what: Advertised = {},
): Promise<{ router: Router; cable: Cable; peer: Peer }> {
  const peer = addPeer("router6");
  t.after(() => peer.remove());
  const cable = plugIn(t, "eth0", peer, { peerLink: "lan", address: "2001:db8:1::1/64" });
  return { router: await startRouter(t, peer, what), cable, peer };
}

async function kill(radvd: ManagedProcess): Promise<void> {
  radvd.kill("SIGKILL");
  await radvd.waitExit();
}
