import type { Guest } from "../../machine/guest.ts";

export const guest: Guest = { init: "systemd", modules: ["pppoe"], limitSeconds: 420 };
