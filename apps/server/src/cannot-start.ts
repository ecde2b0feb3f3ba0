/** Something about the surroundings keeps the server from starting; the message says what to do. */
export class CannotStart extends Error {
  override name = "CannotStart";
}
