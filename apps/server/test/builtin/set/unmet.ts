/** Pictures of the set from which builtin/auto does not make what a person wants, and why. */
export const UNMET: Readonly<Record<string, string>> = {
  scissors: "two colours share it evenly, so it is puffed up",
  "scissors-opaque": "two colours share it evenly, so it is puffed up",
  "apple-opaque": "the leaf touches its stem in a point and comes apart",
  "chess-pawn": "it has one colour, like a logo, and is extruded",
  "deciduous-tree": "it has one colour, like a logo, and is extruded",
};
