import type { ProtocolRequest } from "../../src/network/acquisition.ts";
import type { Dhcp4Config } from "../../src/network/protocols/dhcp4/config.ts";
import type { ProtocolHandler } from "../../src/network/protocols/handler.ts";
import { ProtocolRegistry } from "../../src/network/protocols/registry.ts";

/** A registry of these handlers, by the names given and not their own. */
// biome-ignore lint/suspicious/noExplicitAny: as the registry, each handler has its own kind of configuration
export function protocolsOf(handlers: { readonly [name: string]: ProtocolHandler<any> }): ProtocolRegistry {
  const registry = new ProtocolRegistry();
  for (const [name, handler] of Object.entries(handlers)) {
    const standBy = handler.standBy?.bind(handler);
    registry.register({
      ...traitsOf(handler),
      name,
      attach: handler.attach.bind(handler),
      ...(standBy && { standBy }),
    });
  }
  return registry;
}

const traitsOf = ({ awaits, isPassive }: ProtocolHandler<unknown>) => ({
  ...(awaits !== undefined && { awaits }),
  ...(isPassive && { isPassive }),
});

/** DHCPv4 and nothing else. */
export const dhcp4With = (config: Dhcp4Config = {}): readonly ProtocolRequest[] => [{ source: "dhcp4", config }];
