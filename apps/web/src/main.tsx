import "./style/index.css";

import { createRoot } from "react-dom/client";

import { App } from "./app/App.tsx";
import { preferredLanguage, wordsIn } from "./messages/index.ts";
import { openHistory } from "./runs/history.ts";

const root = createRoot(document.querySelector("#root")!);
openHistory().then(
  (history) => root.render(<App history={history} />),
  (cause: unknown) => {
    const t = wordsIn(preferredLanguage(null, navigator.languages));
    const why = cause instanceof Error ? cause.message : String(cause);
    root.render(
      <p className="banner" role="alert">
        {t("noStore", { why })}
      </p>,
    );
  },
);
