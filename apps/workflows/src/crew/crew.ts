import { type ChildProcess, fork } from "node:child_process";
import { setMaxListeners } from "node:events";
import { createRequire } from "node:module";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";

import type { Log } from "../log.ts";
import type { FromHand, Order, Over, Seen, Setup, ToHand } from "./messages.ts";

/** Processes that do the steps of workflows. */
export interface Crew {
  /** Runs a flow run until it rests. `alone`: in a process of its own, so that nobody else dies with it. */
  run(order: Order, alone?: boolean): Promise<Over>;
  /** Leaves everything as it is, so that it can be gone on with. */
  stop(graceMs: number): Promise<void>;
}

interface Hand {
  readonly child: ChildProcess;
  readonly orders: Map<string, (over: Over) => void>;
}

const WORDS = 2000;
/** What a hand needs of the service's environment: nothing that is secret. */
const VARIABLES = [
  ...["PATH", "HOME", "LANG", "TZ", "TMPDIR", "TEMP", "TMP", "SystemRoot", "USERPROFILE"],
  ...["LD_LIBRARY_PATH", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"],
];

/** Node's flags for a child that runs TypeScript: the working directory must not decide where tsx is found. */
function fromSource(): string[] {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  return ["--import", tsx, "--conditions=@modly-runs/source"];
}

/**
 * Starts processes as they are needed, at most `size`.
 *
 * @param onSeen is told each stored change of a step
 */
export function createCrew(
  setup: Setup,
  { size, log, onSeen }: { size: number; log: Log; onSeen: (seen: Seen) => void },
): Crew {
  const hands = new Set<Hand>();
  const all = new Set<Hand>();
  let stopping = false;

  function hire(): Hand {
    const extension = path.extname(fileURLToPath(import.meta.url));
    const child = fork(fileURLToPath(new URL(`./hand${extension}`, import.meta.url)), [], {
      execArgv: extension === ".ts" ? fromSource() : [],
      env: Object.fromEntries(VARIABLES.map((name) => [name, process.env[name]])),
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    setMaxListeners(0, child);
    const hand: Hand = { child, orders: new Map() };
    all.add(hand);
    let words = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      words = (words + text).slice(-WORDS);
    });
    child.on("message", (message: FromHand) => {
      if (message.type === "seen") return onSeen(message.seen);
      hand.orders.get(message.id)?.(message.over);
      hand.orders.delete(message.id);
    });
    const gone = (why: string) => {
      if (!all.delete(hand)) return;
      hands.delete(hand);
      if (hand.orders.size > 0 && !stopping)
        log.warn({ why, words, workflows: [...hand.orders.keys()] }, "a process died at work");
      for (const end of hand.orders.values()) end({ ok: false, broke: true, why });
      hand.orders.clear();
    };
    child.once("exit", (code, signal) => gone(`the process ended (${signal ?? code})`));
    child.on("error", (cause) => {
      // One that could not even be started never exits.
      if (child.pid === undefined) gone(cause.message);
    });
    say(hand, { type: "setup", setup });
    return hand;
  }

  const say = ({ child }: Hand, message: ToHand) => {
    // If the channel is closed the process is going, and its end is the answer.
    if (child.connected) child.send(message, () => {});
  };

  /** The one with the least to do; a new one where all have something. */
  function handFor(): Hand {
    const [least] = [...hands].sort((a, b) => a.orders.size - b.orders.size);
    if (least && (least.orders.size === 0 || hands.size >= size)) return least;
    const hand = hire();
    hands.add(hand);
    return hand;
  }

  return {
    async run(order, alone = false) {
      if (stopping) return { ok: false, why: "The service is stopping.", broke: false };
      const hand = alone ? hire() : handFor();
      const over = await new Promise<Over>((resolve) => {
        hand.orders.set(order.id, resolve);
        say(hand, { type: "order", order });
      });
      if (alone) say(hand, { type: "leave" });
      return over;
    },
    async stop(graceMs) {
      stopping = true;
      const gone = [...all].map(
        ({ child }) => new Promise((resolve) => child.once("exit", resolve)),
      );
      for (const hand of all) say(hand, { type: "leave" });
      await Promise.race([Promise.all(gone), wait(graceMs, undefined, { ref: false })]);
      for (const { child } of all) child.kill("SIGKILL");
      await Promise.all(gone);
    },
  };
}
