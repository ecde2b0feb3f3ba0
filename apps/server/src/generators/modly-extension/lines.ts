import { StringDecoder } from "node:string_decoder";

/** Cuts a stream of bytes into lines; of a line that is too long, only its beginning is kept. */
export function createLines(longest: number, onLine: (line: string, cut: boolean) => void) {
  const decoder = new StringDecoder("utf8");
  let line = "";
  let cut = false;
  const end = () => {
    if (line !== "") onLine(line, cut);
    line = "";
    cut = false;
  };
  return (bytes: Buffer): void => {
    const parts = decoder.write(bytes).split(/\r\n|\n|\r/);
    parts.forEach((part, index) => {
      if (index > 0) end();
      const room = longest - line.length;
      cut ||= part.length > room;
      line += part.slice(0, Math.max(0, room));
    });
  };
}
