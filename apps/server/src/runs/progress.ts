/** Stored progress stops here: 100 belongs to `done`. */
const MOST = 99;

export interface Reported {
  readonly progress: number;
  readonly step: string;
}

/** Makes sense of whatever a generator reports: whole, 0..99, never falling, a short step. */
export function createProgress(from: Reported & { holdStep: boolean }) {
  let { progress, step } = from;
  let { holdStep } = from;
  return {
    /** Takes a report in; true when there is something new to store. */
    report(percent: number, words: string): boolean {
      const before = { progress, step };
      const whole = Math.trunc(percent);
      if (Number.isFinite(whole)) {
        if (whole > progress) holdStep = false;
        progress = Math.max(progress, Math.min(MOST, whole));
      }
      const text = words.replaceAll(/\s+/g, " ").trim().slice(0, 200);
      if (!holdStep && text !== "") step = text;
      return progress !== before.progress || step !== before.step;
    },
    /** What should be stored now. */
    current: (): Reported => ({ progress, step }),
  };
}
