import { mkdirSync, writeFileSync } from "node:fs";
import type { ManagedProcess } from "../../harness/processes.ts";
import { run } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { patienceMs } from "./patience.ts";
import type { Scene } from "./scene.ts";

/** Of a person at work. */
export interface Login {
  readonly process: ManagedProcess;
  /** Resolves when PAM has closed the session. */
  logOut(): Promise<void>;
}

/** A session as su(1) opens it: by PAM, and known to logind. Resolves when the person's own program runs. */
export async function logIn(scene: Scene, user: string): Promise<Login> {
  const process = startLogin(scene, user);
  await process.untilOutput(/^at work$/m, patienceMs);
  return {
    process,
    logOut: async () => {
      process.closeInput();
      await process.waitExit(patienceMs);
    },
  };
}

/** The same, on its way. */
export const startLogin = (scene: Scene, user: string): ManagedProcess =>
  scene.start("su", ["--login", user, "--command", "echo at work; exec cat"]);

/**
 * How long logind keeps the manager of a user whose last session has ended, lest it be set up anew for a user who comes
 * back; usually ten seconds. To start one and to stop it takes an emulated processor six.
 */
export function keepManagers(delay: "0" | "infinity"): void {
  mkdirSync("/run/systemd/logind.conf.d", { recursive: true });
  writeFileSync("/run/systemd/logind.conf.d/scenario.conf", `[Login]\nUserStopDelaySec=${delay}\n`);
  run("systemctl", ["restart", "systemd-logind.service"]);
}

/** Also logind has forgotten all users, which it does after a delay of "0" or when told to end them. */
export async function untilNobodyIsHere(): Promise<void> {
  const managers = () =>
    run("systemctl", ["list-units", "--no-legend", "--state=active,deactivating", "user@*.service"]);
  await until("no user's manager runs", () => managers().trim() === "", patienceMs);
}
