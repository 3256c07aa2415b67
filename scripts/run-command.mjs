import { spawn } from "node:child_process";

const maxShownCharacters = 40_000;

const running = new Set();

/** Asks every running command to end, with all processes that it started. */
export function endRunningCommands() {
  for (const child of running) child.kill("SIGTERM");
}

/**
 * Runs a command to its end and resolves to its output. Rejects with the end of its output when it fails or takes
 * longer than `limitMs`. `onMessage` hears a child of Node's over a channel.
 */
export function runCommand([command, ...args], { cwd, env = process.env, limitMs = 60_000, onMessage } = {}) {
  const stdio = ["ignore", "pipe", "pipe", ...(onMessage ? ["ipc"] : [])];
  const child = spawn(command, args, { cwd, env, stdio });
  running.add(child);
  let printed = "";
  let all = "";
  child.stdout.on("data", (chunk) => {
    printed += chunk;
    all += chunk;
  });
  child.stderr.on("data", (chunk) => {
    all += chunk;
  });
  if (onMessage) child.on("message", onMessage);
  const timer = setTimeout(() => child.kill("SIGTERM"), limitMs);
  return new Promise((resolve, reject) => {
    const end = (problem) => {
      clearTimeout(timer);
      running.delete(child);
      if (problem === undefined) resolve(printed);
      else reject(new Error(`${all.trim().slice(-maxShownCharacters)}\n${problem}`.trim()));
    };
    child.once("error", (error) => end(error.message));
    child.once("close", (code, signal) => {
      const how = signal ? `was ended by ${signal}` : `ended with ${code}`;
      end(code === 0 ? undefined : `${command} ${args.slice(0, 3).join(" ")} ${how}`);
    });
  });
}
