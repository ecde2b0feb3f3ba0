import { Check, Copy } from "lucide-react";
import { useState } from "react";

import { useWords } from "../messages/index.ts";
import type { Entry } from "../runs/entry.ts";
import { COMMANDS, type Recipe, TOOLS } from "./commands.ts";
import { copyText } from "./save.ts";
import { inBackground } from "../ui/background.ts";

interface CopyAsProps {
  readonly entry: Entry;
  readonly baseUrl: string;
  readonly needsToken: boolean;
}

/** The same run, to be started from a terminal or a program. */
export function CopyAs({ entry, baseUrl, needsToken }: CopyAsProps) {
  const t = useWords();
  const [tool, setTool] = useState(TOOLS[0]);
  const [copied, setCopied] = useState(false);
  const { pictureName, modelId, params } = entry;
  const recipe: Recipe = { baseUrl, pictureName, modelId, params, needsToken };
  const text = COMMANDS[tool](recipe);
  return (
    <details className="panel copy-as">
      <summary>{t("copyAs")}</summary>
      <div className="tools" role="group" aria-label={t("copyAs")}>
        {TOOLS.map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={each === tool}
            onClick={() => {
              setTool(each);
              setCopied(false);
            }}
          >
            {each}
          </button>
        ))}
      </div>
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <button
        type="button"
        className="button"
        onClick={() => inBackground(copyText(text).then(() => setCopied(true)))}
      >
        {copied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
        <span aria-live="polite">{t(copied ? "copied" : "copy")}</span>
      </button>
    </details>
  );
}
