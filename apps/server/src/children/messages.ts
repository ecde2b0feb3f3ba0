/** What a parent and its children talk about: what is ordered, what is told meanwhile, what is made. */
export interface Talk {
  readonly order: unknown;
  readonly news: unknown;
  readonly made: unknown;
}

/** From the server to a child: one order at a time. */
export interface ToChild<T extends Talk> {
  readonly type: "order";
  readonly order: T["order"];
}

/** From a child to the server. */
export type FromChild<T extends Talk> =
  | { readonly type: "ready" }
  | { readonly type: "news"; readonly news: T["news"] }
  | { readonly type: "made"; readonly made: T["made"] }
  /** A bug: what was thrown, with its stack, for the log alone. */
  | { readonly type: "fault"; readonly message: string };
