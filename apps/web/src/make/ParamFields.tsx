import type { ParamSpec } from "@modly-runs/contract/companion";
import { RotateCcw } from "lucide-react";
import { useId, useState } from "react";

import { useWords } from "../messages/index.ts";
import { IconButton } from "../ui/parts.tsx";
import type { Changes } from "./draft.ts";
import { boundsOf, fieldOf, isShown, isTaken, unitOf, valueOf, withValue } from "./params.ts";

interface FieldProps {
  readonly spec: ParamSpec;
  readonly value: unknown;
  readonly id: string;
  readonly describedBy: string | undefined;
  readonly onChange: (value: unknown) => void;
}

/** A number by hand, and by a slider where both ends are known. */
function NumberField({ spec, value, id, describedBy, onChange }: FieldProps) {
  const bounds = boundsOf(spec);
  // While somebody types, what stands there need not be a number yet.
  const [typed, setTyped] = useState<string>();
  const take = (text: string) => {
    setTyped(text);
    onChange(text.trim() === "" ? null : Number(text));
  };
  const shown = typed ?? (typeof value === "number" ? String(value) : "");
  return (
    <div className="number">
      {bounds.min !== undefined && bounds.max !== undefined && (
        <input
          type="range"
          {...bounds}
          step={bounds.step ?? (bounds.max - bounds.min) / 100}
          value={typeof value === "number" ? value : bounds.min}
          aria-label={spec.label ?? spec.id}
          onChange={({ target }) => {
            setTyped(undefined);
            onChange(Number(target.value));
          }}
        />
      )}
      <input
        id={id}
        type="number"
        inputMode={spec.type === "int" ? "numeric" : "decimal"}
        min={bounds.min}
        max={bounds.max}
        step={spec.type === "int" ? 1 : "any"}
        value={shown}
        aria-describedby={describedBy}
        aria-invalid={!isTaken(spec, value)}
        onChange={({ target }) => take(target.value)}
        onBlur={() => setTyped(undefined)}
      />
    </div>
  );
}

function FieldOf({ spec, value, id, describedBy, onChange }: FieldProps) {
  const common = { id, "aria-describedby": describedBy };
  switch (fieldOf(spec)) {
    case "number":
      return <NumberField {...{ spec, value, id, describedBy, onChange }} />;
    case "select":
      return (
        <select
          {...common}
          value={String(spec.options?.findIndex((each) => each.value === value) ?? -1)}
          onChange={({ target }) => onChange(spec.options?.[Number(target.value)]?.value)}
        >
          {spec.options?.map(({ label }, index) => (
            <option key={label} value={index}>
              {label}
            </option>
          ))}
        </select>
      );
    case "boolean":
      return (
        <input
          {...common}
          type="checkbox"
          role="switch"
          checked={value === true}
          onChange={({ target }) => onChange(target.checked)}
        />
      );
    case "text":
      return (
        <textarea
          {...common}
          rows={3}
          value={typeof value === "string" ? value : ""}
          onChange={({ target }) => onChange(target.value)}
        />
      );
    default:
      return (
        <input
          {...common}
          type="text"
          value={typeof value === "string" ? value : ""}
          onChange={({ target }) => onChange(target.value)}
        />
      );
  }
}

interface ParamProps {
  readonly spec: ParamSpec;
  readonly changes: Changes;
  readonly onChange: (changes: Changes) => void;
}

function Param({ spec, changes, onChange }: ParamProps) {
  const t = useWords();
  const id = useId();
  const hint = useId();
  const value = valueOf(spec, changes);
  const { min, max } = boundsOf(spec);
  const unit = unitOf(spec);
  const wrong = !isTaken(spec, value);
  const says = wrong
    ? t("outOfRange", { min: t.number(min ?? -Infinity, 4), max: t.number(max ?? Infinity, 4) })
    : spec.tooltip;
  return (
    <div className="param" data-kind={fieldOf(spec)} data-wrong={wrong || undefined}>
      <div className="param-name">
        <label htmlFor={id}>
          {spec.label ?? spec.id}
          {unit && <span className="unit"> ({unit})</span>}
        </label>
        {spec.id in changes && (
          <IconButton
            icon={RotateCcw}
            label={`${spec.label ?? spec.id}: ${t("reset")}`}
            onClick={() => onChange(withValue(changes, spec, spec.default))}
          />
        )}
      </div>
      <FieldOf
        spec={spec}
        value={value}
        id={id}
        describedBy={says ? hint : undefined}
        onChange={(next) => onChange(withValue(changes, spec, next))}
      />
      {says && (
        <p id={hint} className="hint">
          {says}
        </p>
      )}
    </div>
  );
}

interface ParamFieldsProps {
  readonly specs: readonly ParamSpec[];
  readonly changes: Changes;
  readonly onChange: (changes: Changes) => void;
}

/** The form that a model describes. */
export function ParamFields({ specs, changes, onChange }: ParamFieldsProps) {
  return specs
    .filter((spec) => fieldOf(spec) && isShown(spec, specs, changes))
    .map((spec) => <Param key={spec.id} {...{ spec, changes, onChange }} />);
}
