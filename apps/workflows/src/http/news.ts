import type { Workflow } from "../contract/workflow.ts";
import type { Changes } from "../workflows/changes.ts";
import type { Workflows } from "../workflows/workflows.ts";
import { type State, stateOf } from "./state.ts";

/** At most so often is a workflow looked at anew, ms. */
const EVERY = 250;

/** A workflow as it is told: with what tells this state from another. */
export interface News extends State {
  readonly status: Workflow["status"];
}

export interface NewsDeps {
  readonly workflows: Workflows;
  readonly changes: Changes;
}

/** Tells watchers of workflows what became of them. However many watch one, it is looked at once. */
export interface Newsroom {
  /** Calls back with each change from now on, at once with the state of now; undefined: it is gone. */
  watch(id: string, listener: (news: News | undefined) => void): () => void;
}

export function createNewsroom({ workflows, changes }: NewsDeps): Newsroom {
  const watched = new Map<string, ReturnType<typeof look>>();

  function look(id: string) {
    const listeners = new Set<(news: News | undefined) => void>();
    let looking = false;
    let again = false;
    let timer: NodeJS.Timeout | undefined;
    async function tell(): Promise<void> {
      const row = await workflows.find(id, null);
      const now = row && (await workflows.view(row));
      const news = now && { status: now.status, ...stateOf(now) };
      for (const listener of listeners) listener(news);
    }
    /** Looks once more after the last change, and no more often than is told. */
    const seek = () => {
      again = true;
      if (looking) return;
      looking = true;
      again = false;
      tell()
        .catch(() => {
          for (const listener of listeners) listener(undefined);
        })
        .finally(() => {
          timer = setTimeout(() => {
            looking = false;
            if (again) seek();
          }, EVERY);
        });
    };
    const unsubscribe = changes.subscribe(id, seek);
    return {
      listeners,
      seek,
      close() {
        clearTimeout(timer);
        unsubscribe();
      },
    };
  }

  return {
    watch(id, listener) {
      const one = watched.get(id) ?? look(id);
      watched.set(id, one);
      one.listeners.add(listener);
      // What changed before it was watched.
      one.seek();
      return () => {
        if (!one.listeners.delete(listener) || one.listeners.size > 0) return;
        one.close();
        watched.delete(id);
      };
    },
  };
}
