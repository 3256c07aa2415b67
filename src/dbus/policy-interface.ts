import { DaemonError } from "../base/errors.ts";
import { PropertyShape, PropertyStore, propertyTable } from "../base/property.ts";
import type { Automation } from "../policy/automation.ts";
import type { PolicyName } from "../policy/link-policies.ts";
import { interfaceTable } from "./interface-table.ts";

/** One policy as clients see it. */
export class PolicyView {
  readonly properties: PropertyStore<PolicyView>;
  constructor(
    readonly name: PolicyName,
    readonly automation: Automation,
  ) {
    this.properties = new PropertyStore<PolicyView>(this, policyShape);
  }
  get path(): string {
    return `/policy/${this.name}`;
  }
  get isActive(): boolean {
    return this.automation.policies.active === this.name;
  }
  refresh(): void {
    this.properties.touchAll();
  }
  setProperty(): void {
    throw new DaemonError("InvalidArguments", "Property is read-only");
  }
}

const policyShape = new PropertyShape<PolicyView>(
  propertyTable<PolicyView>()({
    Active: { signature: "b", doc: "It is the one in force.", get: ({ isActive }) => isActive },
    CurrentGroup: {
      signature: "i",
      doc: "The best priority group that is online: 0 cables, 1 radios; -1: none is, or the policy has no groups.",
      get: ({ isActive, automation }) => (isActive ? (automation.policies.currentGroup ?? -1) : -1),
    },
    Name: {
      signature: "s",
      doc: "All: every link may hold a connection. Automatic: radios yield to a cable that leads somewhere.",
      get: ({ name }) => name,
    },
  }),
);

export const policyInterface = interfaceTable<PolicyView>({
  name: "org.fairlead.Policy1",
  doc: "Which links may hold a connection beside each other; exactly one policy is active.",
  properties: policyShape,
  methods: {
    Activate: {
      in: [],
      out: [],
      doc: "Puts it in force, now and at every start. A connection that it keeps sees nothing of it.",
      errors: ["InternalError", "NotStored", "PermissionDenied"],
      right: "settings",
      call: ({ automation, name }) => {
        automation.activatePolicy(name);
        return undefined;
      },
    },
  },
});
