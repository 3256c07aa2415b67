import type { Guest } from "../../machine/guest.ts";
export const guest: Guest = { init: "systemd", radios: 4, limitSeconds: 900 };
