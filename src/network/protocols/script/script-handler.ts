import type { ProtocolHandler } from "../handler.ts";
import { configTexts, type ScriptDescription } from "./description.ts";
import { type ScriptPorts, ScriptSession } from "./script-session.ts";

export interface ScriptConfig {
  readonly interfaceName: string;
  /** Options of the section as they stand in the text. */
  readonly options: ReadonlyMap<string, readonly string[]>;
}
export interface ScriptPlace {
  /** Absolute. */
  readonly script: string;
  /** Where it works. */
  readonly folder: string;
}

/** A protocol that a script of another package brings, in netifd's form. */
export const scriptHandler = (
  description: ScriptDescription,
  place: ScriptPlace,
  ports: ScriptPorts,
): ProtocolHandler<ScriptConfig> => ({
  name: description.name,
  awaits: "answer of its handler",
  attach: (link, { interfaceName, options }, host) => {
    const device = description.needsNoDevice ? undefined : link.name;
    const config = configTexts(description, options);
    const order = { ...place, description, interfaceName, config, device };
    const session = new ScriptSession(order, ports, host);
    if (description.hasRenew) return session;
    return { setup: (abort) => session.setup(abort), teardown: (how) => session.teardown(how) };
  },
});
