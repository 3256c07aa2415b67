/**
 * Which Services may hold a connection beside each other: policy All (every one) and Automatic (cables before radios).
 */
import { DaemonError } from "../base/errors.ts";
import type { PolicyRefusal } from "../services/auto-connect.ts";
import { isConnected } from "../services/connect-states.ts";
import type { Service } from "../services/service.ts";
import type { AutomationHost } from "./automation-host.ts";

export const policyNames = ["All", "Automatic"] as const;
export type PolicyName = (typeof policyNames)[number];

export interface LinkFact {
  readonly group: number;
  /** Connected, leads somewhere, and nothing is known to be in the way of the internet. */
  readonly isOnline: boolean;
}
export interface LinkSelection {
  /** The best group that is online; undefined: none is, and all are tried. */
  readonly current: number | undefined;
  /** Of the groups behind it; undefined: nothing is refused. */
  readonly refusal: PolicyRefusal | undefined;
}

/** Pure. A group that only tries refuses nothing: the other is ended when this one is online, and not before. */
export function selectGroup(policy: PolicyName, facts: readonly LinkFact[]): LinkSelection {
  const online = facts.filter(({ isOnline }) => isOnline).map(({ group }) => group);
  if (policy === "All" || online.length === 0) return { current: undefined, refusal: undefined };
  const current = Math.min(...online);
  return { current, refusal: `policy ${policy}: group ${current} is online` };
}

export class LinkPolicies {
  #selection: LinkSelection = { current: undefined, refusal: undefined };
  constructor(private readonly host: AutomationHost) {}

  get active(): PolicyName {
    return policyNames.find((name) => name === this.host.activePolicy) ?? "All";
  }
  get currentGroup(): number | undefined {
    return this.#selection.current;
  }
  /** Throws NotFound, or the store's error. */
  activate(name: string): void {
    const policy = policyNames.find((known) => known.toLowerCase() === name.toLowerCase());
    if (!policy) throw new DaemonError("NotFound", `there is no policy ${name.slice(0, 60)}`);
    if (policy === this.active) return;
    this.host.activePolicy = policy;
    this.host.happened({ kind: "policy-changed", path: `/policy/${policy}`, because: "it was enabled" });
  }

  /** Why the Service may hold no connection now; undefined: it may. */
  refusal({ technology }: Service): PolicyRefusal | undefined {
    const { current, refusal } = this.#selection;
    const group = current === undefined ? undefined : this.host.priorityGroupOf(technology);
    return group !== undefined && current !== undefined && group > current ? refusal : undefined;
  }

  check(): void {
    const before = this.#selection.current;
    this.#selection = selectGroup(this.active, this.active === "All" ? [] : this.#facts());
    const { current, refusal } = this.#selection;
    if (current !== before) {
      const because = refusal ?? `no group of policy ${this.active} is online`;
      const path = `/policy/${this.active}`;
      this.host.happened({
        kind: "priority-group-changed",
        path,
        because: this.active === "All" ? "policy All has no groups" : because,
      });
      this.host.requestSort("the priority group changed");
    }
    for (const service of [...this.host.services.all]) {
      const because = this.refusal(service);
      if (because !== undefined) service.connection.yieldTo(because);
    }
  }
  #facts(): readonly LinkFact[] {
    return this.host.services.all.flatMap((service) => {
      const group = this.host.priorityGroupOf(service.technology);
      return group === undefined ? [] : [{ group, isOnline: leadsOut(service) }];
    });
  }
}

/** A cable to a printer, or one behind a portal, is no reason to end a radio's connection. */
const leadsOut = ({ state, hasWayOut }: Service): boolean =>
  isConnected(state) && (state === "online" || state === "ready") && hasWayOut;
