import type { AutoConnectRefusal } from "./auto-connect.ts";
import { Service } from "./service.ts";

/** Settings that can be looked at and changed, of something that cannot be connected itself. */
export abstract class SettingsOnlyService extends Service {
  override get isConnectable(): boolean {
    return false;
  }
  override get isVisible(): boolean {
    return false;
  }
  override get strengthPercent(): number {
    return 0;
  }
  override get technologyRefusal(): AutoConnectRefusal | undefined {
    return "no device";
  }
  protected override startDisconnect(): void {}
}
