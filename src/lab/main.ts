import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type LabOptions, parseArguments, UsageError, usage } from "./arguments.ts";
import { greeting, shellGreeting } from "./greeting.ts";
import { Lab } from "./lab.ts";
import { connectBus, waitOnline } from "./online.ts";
import { obey, openPrompt } from "./prompt.ts";
import { renderChange, renderNote } from "./render.ts";
import { openShell, runInside } from "./shell.ts";
import { Watcher } from "./watcher.ts";
import { requirePrivateNamespace } from "./world/peers.ts";

const print = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(): Promise<number> {
  requirePrivateNamespace();
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const folder = process.env.FAIRLEAD_LAB_FOLDER;
  if (folder === undefined) throw new Error("start the lab with `npm start`: it makes and removes the lab's folder");
  process.env.PATH = `${join(root, "bin")}:${process.env.PATH ?? ""}`;
  const daemon = JSON.parse(process.env.FAIRLEAD_LAB_DAEMON ?? "null") ?? [join(root, "bin", "fairleadd")];
  const options = parseArguments(process.argv.slice(2), { folder, daemon });
  const lab = await Lab.open(options);
  try {
    return await modes[options.mode](lab, options);
  } finally {
    await lab.close();
  }
}

const modes: Readonly<Record<LabOptions["mode"], (lab: Lab, options: LabOptions) => Promise<number>>> = {
  show,
  once: async (lab) => ((await waitOnline(lab)) ? 0 : 1),
  command: async (lab, { command }) => ((await waitOnline(lab)) ? runInside(lab, command) : 1),
  shell: async (lab, { folder }) => {
    print(shellGreeting(lab));
    return openShell(lab, folder);
  },
};

async function show(lab: Lab, { folder }: LabOptions): Promise<number> {
  const bus = await connectBus(lab.bus.address);
  print(greeting(lab, folder));
  let quit = () => {};
  const over = new Promise<void>((resolve) => {
    quit = resolve;
  });
  // Lines one after the other: "unplug eth0" and "status" belong together.
  let turn = Promise.resolve();
  const prompt = openPrompt((line) => {
    turn = turn.then(async () => {
      const answer = await obey(line, lab.commands);
      if (answer === "quit") quit();
      else if (answer.say !== "") prompt.print(answer.say);
    });
  }, quit);
  const watcher = new Watcher(bus, (change) => prompt.print(renderChange(change)));
  lab.onDaemonEnded = (how) => prompt.print(renderNote(Date.now(), `${how}; see "log", then "restart"`));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, quit);
  await over;
  watcher.close();
  prompt.close();
  await bus.close();
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`lab: ${error.message}\n${error instanceof UsageError ? `${usage}\n` : ""}`);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
