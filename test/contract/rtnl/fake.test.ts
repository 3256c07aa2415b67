import type { KernelRequest, Link } from "../../../src/rtnl/rtnl.ts";
import { FakeKernel } from "../../fakes/fake-kernel.ts";
import { rtnlCases } from "./cases.ts";
import { type RtnlHost, runCases } from "./rtnl-host.ts";

const reachable = 0x80;

async function fakeHost(): Promise<RtnlHost> {
  const kernel = new FakeKernel();
  return {
    rtnl: kernel,
    outside: async (request: KernelRequest) => kernel.outside(request),
    setCarrier: (link, isPlugged) => kernel.setCarrier(link.name, isPlugged),
    addNeighbour: (link: Link, address: string, mac: string) =>
      kernel.setNeighbour({ link: link.index, family: 4, address, mac, state: reachable }),
    hearRouter: (link, ad) => kernel.hearRouter(link.name, ad),
    foreignPid: () => process.pid + 1,
    assertTrue: async () => {},
    close: async () => kernel.close(),
  };
}

runCases(fakeHost, rtnlCases);
