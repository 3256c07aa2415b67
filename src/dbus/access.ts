import { DaemonError } from "../base/errors.ts";
import type { Caller } from "../bus/bus.ts";

/** Reading is open to all local users; only root and the user that runs the daemon may change anything. */
export interface AccessPolicy {
  /** Rejects with PermissionDenied. */
  requireChange(caller: Caller, what: string): Promise<void>;
}

export function ownerAndRootMayChange(ownUid: number): AccessPolicy {
  return {
    async requireChange(caller, what) {
      const uid = await caller.uid();
      if (uid === 0 || uid === ownUid) return;
      throw new DaemonError("PermissionDenied", `${what}: only an administrator may change this`);
    },
  };
}
