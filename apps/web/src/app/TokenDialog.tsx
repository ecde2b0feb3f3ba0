import { useState } from "react";

import { useWords } from "../messages/index.ts";
import { Dialog } from "../ui/parts.tsx";

interface TokenDialogProps {
  /** True when a token was given already, and the server did not take it. */
  readonly wasWrong: boolean;
  readonly onToken: (token: string) => void;
}

/** Asks for the token, because the server does. */
export function TokenDialog({ wasWrong, onToken }: TokenDialogProps) {
  const t = useWords();
  const [token, setToken] = useState("");
  return (
    <Dialog title={t("tokenTitle")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim() !== "") onToken(token.trim());
        }}
      >
        <p>{t("tokenText")}</p>
        <label className="field">
          {t("token")}
          <input
            type="password"
            autoComplete="off"
            value={token}
            onChange={({ target }) => setToken(target.value)}
          />
        </label>
        {wasWrong && (
          <p className="problem" role="alert">
            {t("tokenWrong")}
          </p>
        )}
        <div className="dialog-buttons">
          <button type="submit" className="button primary">
            {t("enter")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
