/** IPv6 by router advertisements: the kernel makes addresses and routes of them; here they become settings. */
import type { Log } from "../../../base/log.ts";
import type { RouterSolicitor } from "../../../packet/router-solicitor.ts";
import type { Delta, Rtnl } from "../../../rtnl/rtnl.ts";
import { type LinkSysctlPort, LinkSysctls, type OriginalSettings } from "../../kernel/link-sysctls.ts";
import type { ProtocolHandler, ProtocolHost, ProtocolLink } from "../handler.ts";
import { acceptRouters, ipv6On, slaacLinkSettings } from "./link-settings.ts";
import { RouterOptions } from "./router-options.ts";
import { type SlaacLink, SlaacSession } from "./session.ts";

export interface SlaacPorts {
  readonly rtnl: Rtnl;
  readonly log: Log;
  readonly sysctls: LinkSysctlPort;
  readonly originalSettings?: OriginalSettings;
  readonly solicitor: Pick<RouterSolicitor, "solicit">;
  /** A person has switched IPv6 off for the whole machine. */
  isIpv6Unwanted(): boolean;
  now(): number;
}

export interface SlaacHandler extends ProtocolHandler<unknown> {
  attach(link: ProtocolLink, config: unknown, host: ProtocolHost): SlaacSession;
  /** The link is ours for as long as its Device is enabled. Twice is fine. */
  prepareLink(linkIndex: number): void;
  /** The link is not ours any more: its settings are given back. */
  leaveLink(linkIndex: number): void;
  /** The start is over: settings that an earlier run has changed on links that are not ours are restored. */
  leaveUnheldLinks(): void;
  close(): void;
}

export const slaacHandler = (ports: SlaacPorts): SlaacHandler => new KernelSlaac(ports);

class KernelSlaac implements SlaacHandler {
  readonly name = "slaac";
  readonly awaits = "router";
  readonly isPassive = true;
  readonly #settings: LinkSysctls;
  /** Of links of ours; it outlives sessions, as the kernel keeps no options for later ones. */
  readonly #options = new Map<number, RouterOptions>();
  readonly #sessions = new Map<number, SlaacSession>();
  readonly #stopListening: () => void;

  constructor(private readonly ports: SlaacPorts) {
    const settings = ports.isIpv6Unwanted() ? slaacLinkSettings : [ipv6On, ...slaacLinkSettings];
    this.#settings = new LinkSysctls(ports.sysctls, ports.log, settings, ports.originalSettings);
    this.#stopListening = ports.rtnl.onDelta((delta) => this.#onDelta(delta));
  }

  attach(link: ProtocolLink, _config: unknown, host: ProtocolHost): SlaacSession {
    const { rtnl, solicitor } = this.ports;
    const session = new SlaacSession(link, host, { rtnl, solicitor, at: this.#linkOf(link) });
    this.#sessions.set(link.index, session);
    return session;
  }
  prepareLink(linkIndex: number): void {
    const name = this.#nameOf(linkIndex);
    if (name === undefined) return;
    this.#optionsOf(linkIndex);
    this.#settings.hold("device", linkIndex, name);
  }
  leaveLink(linkIndex: number): void {
    this.#options.delete(linkIndex);
    const name = this.#nameOf(linkIndex);
    // A session may have left it as it was, for a carrier that does not come back.
    this.#settings.release("network", linkIndex, name);
    this.#settings.release("device", linkIndex, name);
  }
  leaveUnheldLinks(): void {
    this.#settings.releaseUnheld((linkIndex) => this.#nameOf(linkIndex));
  }
  close(): void {
    this.#stopListening();
    this.#options.clear();
  }

  #linkOf({ index, name }: ProtocolLink): SlaacLink {
    return {
      options: this.#optionsOf(index),
      hear: (isHeard) => {
        if (isHeard) this.#settings.hold("network", index, name);
        const value = isHeard ? acceptRouters.inSession : acceptRouters.atRest;
        this.ports.sysctls.setForLink("ipv6", this.#nameOf(index) ?? name, acceptRouters.name, value);
      },
      leave: () => this.#settings.release("network", index, this.#nameOf(index)),
    };
  }
  #optionsOf(linkIndex: number): RouterOptions {
    const options = this.#options.get(linkIndex) ?? new RouterOptions();
    this.#options.set(linkIndex, options);
    return options;
  }
  #nameOf(linkIndex: number): string | undefined {
    return this.ports.rtnl.snapshot.links.get(linkIndex)?.name;
  }

  #onDelta(delta: Delta): void {
    switch (delta.kind) {
      case "router-option-heard":
        this.#options.get(delta.heard.link)?.hear(delta.heard, this.ports.now());
        this.#sessions.get(delta.heard.link)?.reviewSoon();
        break;
      case "address-added":
      case "address-changed":
      case "address-removed":
        if (delta.address.family === 6) this.#sessions.get(delta.address.link)?.reviewSoon();
        break;
      case "route-added":
      case "route-removed":
        if (delta.route.family === 6) this.#sessions.get(delta.route.link ?? 0)?.reviewSoon();
        break;
      case "link-removed":
        this.#sessions.delete(delta.link.index);
        break;
    }
  }
}
