export { openObjects } from "./directory.ts";
export { openDatabase, StoreUnusable } from "./database.ts";
export { openLibsqlStore } from "./libsql.ts";
export { holderHere } from "./holder.ts";
