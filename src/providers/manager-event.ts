import type { Device } from "../devices/device.ts";
import type { Service } from "../services/service.ts";

/** Decision of policy, by the path of the object. */
export interface AutomationEvent {
  readonly kind: "location-state-changed" | "modifier-state-changed" | "priority-group-changed" | "policy-changed";
  readonly path: string;
  readonly because: string;
}

/** An event, in the past tense. Posted on the Manager's event queue; kept in the history that `dump` shows. */
export type ManagerEvent =
  | { readonly kind: "device-added"; readonly device: Device; readonly because: string }
  | { readonly kind: "device-removed"; readonly device: Device; readonly because: string }
  | { readonly kind: "device-enabled-changed"; readonly device: Device; readonly because: string }
  | { readonly kind: "carrier-changed"; readonly device: Device; readonly because: string }
  /** Progress of its Network on the way to an address. */
  | { readonly kind: "addressing"; readonly device: Device; readonly because: string }
  /** Another host has an address of the Device, or has it no more. */
  | { readonly kind: "address-conflict"; readonly device: Device; readonly because: string }
  /** Policy: Locations, Modifiers, and which links may hold a connection. */
  | AutomationEvent
  | { readonly kind: "service-added"; readonly service: Service; readonly because: string }
  | { readonly kind: "service-removed"; readonly service: Service; readonly because: string }
  | { readonly kind: "service-state-changed"; readonly service: Service; readonly because: string }
  | { readonly kind: "default-service-changed"; readonly service: Service | undefined; readonly because: string };
