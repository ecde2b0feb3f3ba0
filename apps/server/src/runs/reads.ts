/** Remembers, for a while, which runs and meshes were read: by run id, and by path in the workspace. */
export interface Reads {
  note(name: string): void;
  /** True when it was read within the time, or up to twice that ago. */
  isRecent(name: string): boolean;
}

/** Two sets that take turns: nothing is kept longer than twice `ms`, and a note costs no clock per name. */
export function createReads(ms: number, now: () => number = () => performance.now()): Reads {
  let older = new Set<string>();
  let newer = new Set<string>();
  let turned = now();

  function turn(): void {
    const passed = now() - turned;
    if (passed < ms) return;
    older = passed < 2 * ms ? newer : new Set();
    newer = new Set();
    turned = now();
  }

  return {
    note(name) {
      turn();
      newer.add(name);
    },
    isRecent(name) {
      turn();
      return newer.has(name) || older.has(name);
    },
  };
}
