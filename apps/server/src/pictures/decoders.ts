import sharp from "sharp";

/** libvips' names for what opens the formats that an upload may have. */
const LOADERS = ["Png", "Jpeg", "Webp", "Nsgif", "Tiff", "Heif"];

/**
 * Shuts every decoder but those of the formats we take: one that nobody needs is only a way in.
 *
 * For the child processes that decode; the process that serves has no decoder at all.
 */
export function blockOtherDecoders(): void {
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({ operation: LOADERS.map((name) => `VipsForeignLoad${name}`) });
}
