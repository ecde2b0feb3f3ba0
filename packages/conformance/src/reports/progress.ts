import type { Listener, SessionEvent } from "../session/events.ts";

/** Where progress goes: a terminal is written over, anything else gets a line now and then. */
export type Screen = {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
};

/** Milliseconds between two lines where there is no terminal. */
const EVERY_MS = 5_000;

/** "12 s", "3 min", "2 h 05 min": as much as somebody who waits wants to know. */
export function waitOf(milliseconds: number): string {
  const seconds = Math.max(1, Math.round(milliseconds / 1_000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;

/** Tells on a screen how far a session is, with an estimate. */
export function progressOn(screen: Screen, now: () => number = () => performance.now()): Listener {
  let shown = 0;
  let deviations = 0;
  let lastLine: number | undefined;
  const clear = () => {
    if (shown > 0) screen.write(`\r${" ".repeat(shown)}\r`);
    shown = 0;
  };
  const line = (text: string) => {
    clear();
    screen.write(`${text}\n`);
  };
  const status = (event: Extract<SessionEvent, { type: "scenario" }>) => {
    const { done, total, name, left_ms } = event;
    const found = deviations === 0 ? "" : `, ${deviations} found`;
    const text = `${done} of ${total} scenarios${found}, about ${waitOf(left_ms)} left`;
    if (screen.isTTY === true) {
      clear();
      const whole = `${text}: ${name}`.slice(0, (screen.columns ?? 80) - 1);
      screen.write(whole);
      shown = whole.length;
    } else if (now() - (lastLine ?? now()) >= EVERY_MS) {
      line(text);
      lastLine = now();
    }
    if (done === total) clear();
  };
  return (event) => {
    switch (event.type) {
      case "begin":
        line(
          `Checking ${event.base_url}: ${counted(event.checks, "check")}. First a plain run, to measure it.`,
        );
        break;
      case "calibrated":
        if (event.ok) line(`  ${event.situation}: ${event.note}`);
        break;
      case "finding":
        if (event.level === "MAY") break;
        deviations += 1;
        line(`  ${event.level === "MUST" ? "FAIL" : "WARN"} ${event.id} ${event.title}`);
        break;
      case "scenario":
        if (lastLine === undefined) {
          lastLine = now();
          line(`${counted(event.total, "scenario")}, about ${waitOf(event.left_ms)}.`);
        }
        status(event);
        break;
    }
  };
}
