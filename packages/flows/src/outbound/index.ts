export { anywhere, isNetwork, publicAnd, type Reach } from "./reach.ts";
export { type Answer, type Outbound, OutOfReach, send } from "./send.ts";
