/** Pictures of the set from which builtin/auto does not make what a person wants, and why. */
export const UNMET: Readonly<Record<string, string>> = {
  "scissors-opaque": "its blades touch in points, and come apart there",
  "grinning-face-tight": "eyes and teeth have the colour of what is behind, so they are open",
};
