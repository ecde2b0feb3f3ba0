const MAX_LENGTH = 400;

/**
 * One readable sentence out of whatever a generator reported: the last line of a traceback, without
 * absolute paths of this machine.
 */
export function sentenceOf(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const last = lines.findLast((line) => line !== "" && !/^at .+:\d+/.test(line)) ?? "";
  const clean = last
    .replaceAll(
      /(?:file:\/\/\/?(?:[A-Za-z]:[\\/])?|(?<!\w)[A-Za-z]:[\\/]|\\\\|(?<![\w.:/])\/)[^\s"'<>|:;,]+[\\/]/g,
      "",
    )
    .replaceAll(/\p{Cc}+/gu, " ")
    .slice(0, MAX_LENGTH)
    .trim();
  return clean === "" ? "The generator failed without saying why." : clean;
}

/** Why a run ends whose model no generator answers for any more. */
export function modelIsGone(modelId: string): string {
  return `The model ${modelId} is not here any more.`;
}
