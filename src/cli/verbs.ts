import type { Verb } from "./verb.ts";
import { condition, location, modifier, policy } from "./verbs/automation.ts";
import { complete } from "./verbs/complete.ts";
import { completion } from "./verbs/completion.ts";
import { config } from "./verbs/config.ts";
import { connect } from "./verbs/connect.ts";
import { devices } from "./verbs/devices.ts";
import { disconnect } from "./verbs/disconnect.ts";
import { dump } from "./verbs/dump.ts";
import { disable, enable } from "./verbs/enable.ts";
import { forget } from "./verbs/forget.ts";
import { get } from "./verbs/get.ts";
import { log } from "./verbs/log.ts";
import { monitor } from "./verbs/monitor.ts";
import { profile } from "./verbs/profile.ts";
import { profiles } from "./verbs/profiles.ts";
import { report } from "./verbs/report.ts";
import { services } from "./verbs/services.ts";
import { set } from "./verbs/set.ts";
import { status } from "./verbs/status.ts";
import { vpn } from "./verbs/vpn.ts";
import { why } from "./verbs/why.ts";
import { scan, wifi } from "./verbs/wifi.ts";

/** In the order of the help. */
export const verbs: readonly Verb[] = [
  status,
  services,
  devices,
  profiles,
  profile,
  config,
  connect,
  disconnect,
  forget,
  enable,
  disable,
  scan,
  wifi,
  vpn,
  location,
  modifier,
  policy,
  condition,
  get,
  set,
  monitor,
  why,
  dump,
  log,
  report,
  completion,
  complete,
];
