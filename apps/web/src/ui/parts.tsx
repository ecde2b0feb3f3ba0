import { type LucideIcon, X } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef, useState } from "react";

import { useWords } from "../messages/index.ts";

export function Spinner() {
  return <span className="spinner" aria-hidden="true" />;
}

interface IconButtonProps {
  readonly icon: LucideIcon;
  readonly label: string;
  readonly onClick: () => void;
  /** For buttons that stay pressed. */
  readonly pressed?: boolean;
  readonly disabled?: boolean;
}

/** A button that is only a picture; its words are read aloud and shown on hover. */
export function IconButton({ icon: Icon, label, onClick, pressed, disabled }: IconButtonProps) {
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon aria-hidden="true" />
    </button>
  );
}

/** Milliseconds after which no browser is still on its way to an address that is shown no more. */
const GRACE = 10_000;

/** An address for bytes that this page holds, as long as it is needed. */
export function useObjectUrl(blob: Blob | undefined): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!blob) return setUrl(undefined);
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => void setTimeout(() => URL.revokeObjectURL(made), GRACE);
  }, [blob]);
  return url;
}

/** What a promise gives, once it does; begins anew when `key` changes. */
export function useLoaded<T>(load: () => Promise<T | undefined>, key: string): T | undefined {
  const [loaded, setLoaded] = useState<{ readonly key: string; readonly value: T | undefined }>();
  const newest = useRef(load);
  useEffect(() => {
    newest.current = load;
  });
  useEffect(() => {
    let isHere = true;
    newest.current().then(
      (value) => isHere && setLoaded({ key, value }),
      () => undefined,
    );
    return () => {
      isHere = false;
    };
  }, [key]);
  return loaded?.key === key ? loaded.value : undefined;
}

interface PopoverProps {
  readonly label: ReactNode;
  readonly name: string;
  readonly className?: string;
  readonly children: ReactNode;
}

/** Something small that opens under its button, and closes by Escape or a click elsewhere. */
export function Popover({ label, name, className = "", children }: PopoverProps) {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const { current } = details;
      if (!current?.open) return;
      if (event instanceof KeyboardEvent) {
        if (event.key !== "Escape") return;
        current.querySelector("summary")?.focus();
      } else if (current.contains(event.target as Node)) return;
      current.open = false;
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("keydown", close);
    };
  }, []);
  return (
    <details ref={details} className={`popover ${className}`}>
      <summary aria-label={name} title={name}>
        {label}
      </summary>
      <div className="popover-body">{children}</div>
    </details>
  );
}

interface DialogProps {
  readonly title: string;
  /** Left out where the dialog can't be closed without an answer. */
  readonly onClose?: () => void;
  readonly children: ReactNode;
}

/** A question that wants an answer first. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const t = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <header>
        <h2 id={heading}>{title}</h2>
        {onClose && <IconButton icon={X} label={t("close")} onClick={onClose} />}
      </header>
      {children}
    </dialog>
  );
}

/** The time, each second while `running`. */
export function useNow(running: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}
