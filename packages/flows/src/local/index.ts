export { openObjects } from "./directory.ts";
export { openLibsqlStore, StoreUnusable } from "./libsql.ts";
export { holderHere } from "./holder.ts";
