/**
 * Calls `work` soon after `request`, never twice at once, and at most once in `everyMs`.
 *
 * `flush` waits for what was requested; `stop` drops it.
 */
export function coalesce(everyMs: number, work: () => Promise<void>) {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let wanted = false;
  let last = Number.NEGATIVE_INFINITY;
  let fault: { readonly cause: unknown } | undefined;

  async function perform(): Promise<void> {
    wanted = false;
    last = performance.now();
    running = work();
    try {
      await running;
    } finally {
      running = undefined;
      if (wanted) schedule();
    }
  }
  function schedule(): void {
    if (timer || running) return;
    timer = setTimeout(
      () => {
        timer = undefined;
        // A fault of the work is told to whoever stops it: nobody else waits for it.
        perform().catch((cause: unknown) => (fault ??= { cause }));
      },
      Math.max(0, everyMs - (performance.now() - last)),
    );
  }
  return {
    request(): void {
      wanted = true;
      schedule();
    },
    async stop(): Promise<void> {
      clearTimeout(timer);
      timer = undefined;
      wanted = false;
      await running;
      if (fault) throw fault.cause;
    },
  };
}
