/** The place where files are does not answer, or not with what was asked: whether one is there is not known. */
export class FilesAway extends Error {
  override name = "FilesAway";
  readonly code = "FILES_AWAY";
}
