import { createInterface } from "node:readline";

/** Commands of the prompt; `undefined` result: go on, "quit": end the lab. */
export interface LabCommands {
  setPlugged(link: string, plugged: boolean): boolean;
  switchServers(on: boolean): Promise<void>;
  /** Runs the command line program with these arguments and returns its output. */
  fairlead(...args: string[]): Promise<string>;
  restart(): Promise<void>;
  crash(): Promise<void>;
  log(): string;
}

export const help = `unplug LINK, plug LINK   pull a cable (eth0, eth1) at its far end, or put it back
server off, server on    switch the DHCP servers
restart, crash           end the daemon (SIGTERM, SIGKILL) and start it again
status, why              what fairlead says; any other verb works too
log                      the last lines of the daemon's log
help, quit`;

/** Does the command of one line and returns the text to print, or "quit". Never throws. */
export async function obey(line: string, commands: LabCommands): Promise<{ readonly say: string } | "quit"> {
  const [verb = "", ...rest] = line.trim().split(/\s+/);
  try {
    if (verb === "quit" || verb === "exit") return "quit";
    return { say: await perform(verb, rest, commands) };
  } catch (error) {
    return { say: error instanceof Error ? error.message : String(error) };
  }
}

async function perform(verb: string, rest: readonly string[], commands: LabCommands): Promise<string> {
  const [argument = ""] = rest;
  switch (verb) {
    case "":
      return "";
    case "help":
      return help;
    case "log":
      return commands.log();
    case "plug":
    case "unplug":
      return commands.setPlugged(argument, verb === "plug") ? "" : `no link "${argument}"; there are eth0 and eth1`;
    case "server":
      if (argument !== "on" && argument !== "off") return "server on, or server off";
      await commands.switchServers(argument === "on");
      return "";
    case "restart":
    case "crash":
      await commands[verb]();
      return "";
    default:
      return commands.fairlead(verb, ...rest);
  }
}

export interface Prompt {
  /** Prints above the line being typed. */
  print(text: string): void;
  close(): void;
}

/**
 * Reads lines from standard input. On a terminal its end is "quit"; without one the lab goes on until it is told
 * otherwise, as there may be no one to type.
 */
export function openPrompt(onLine: (line: string) => void, onQuit: () => void): Prompt {
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    terminal: isTerminal,
    prompt: "lab> ",
  });
  const show = () => {
    if (isTerminal) lines.prompt(true);
  };
  lines.on("line", (line) => {
    onLine(line);
    show();
  });
  lines.on("SIGINT", onQuit);
  lines.on("close", () => {
    if (isTerminal) onQuit();
  });
  show();
  return {
    print: (text) => {
      // Back to the first column and clear, so that the prompt moves down below the news.
      process.stdout.write(isTerminal ? `\r\u001b[K${text}\n` : `${text}\n`);
      show();
    },
    close: () => {
      lines.removeAllListeners("close");
      lines.close();
    },
  };
}
