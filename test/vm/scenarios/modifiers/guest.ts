import type { Guest } from "../../machine/guest.ts";

export const guest: Guest = { init: "systemd", limitSeconds: 420 };
