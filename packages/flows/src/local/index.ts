export { openObjects } from "./directory.ts";
export { heldTo, openDatabase, StoreUnusable } from "./database.ts";
export { openLibsqlStore } from "./libsql.ts";
export { holderHere } from "./holder.ts";
