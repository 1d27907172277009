'use client';

import { Palette as PaletteIcon, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { compileFor } from '../../state/display.ts';
import {
  type ColourRule,
  RULES_MAX,
  setRules,
  TINTS,
  type Tint,
  useListing,
} from '../../state/packets/listing.ts';
import { Button } from '../../ui/Button.tsx';
import { cn } from '../../ui/cn.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { SelectField, TextField } from '../../ui/Field.tsx';
import { tintClass } from './PacketRowView.tsx';

/** Which rows have a background, and which. */
export function ColourRules() {
  const [isOpen, setOpen] = useState(false);
  const rules = useListing((state) => state.rules);
  const change = (at: number, part: Partial<ColourRule>) =>
    setRules(rules.map((rule, i) => (i === at ? { ...rule, ...part } : rule)));
  return (
    <>
      <Button look="quiet" title="Colour rows by rules" onClick={() => setOpen(true)}>
        <PaletteIcon size={12} aria-hidden /> <span className="max-sm:sr-only">Colours</span>
        {rules.length > 0 && <span className="text-muted">{rules.length}</span>}
      </Button>
      <Dialog
        open={isOpen}
        onOpenChange={setOpen}
        title="Colours of rows"
        description="A display filter and a background; the first rule that fits counts. Verdicts keep their own colours."
      >
        {rules.length === 0 && (
          <p className="mb-3 text-xs text-soft">
            There is no rule: every row is plain. As an example:{' '}
            <code className="font-mono">duration &gt; 5ms</code> in amber shows what took long.
          </p>
        )}
        <ol className="space-y-1.5">
          {rules.map(({ filter, tint }, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a rule is its place
            <li key={i} className="flex items-center gap-1.5">
              <span
                aria-hidden
                className={cn('size-[18px] shrink-0 rounded-sm border border-line-strong', tintClass(tint))}
              />
              <TextField
                label={`Rule ${i + 1}`}
                className="flex-1 font-mono"
                value={filter}
                problem={faultOf(filter)}
                placeholder="duration > 5ms"
                onValue={(text) => change(i, { filter: text })}
              />
              <SelectField
                label="Colour"
                className="w-32"
                value={tint}
                onValue={(value) => change(i, { tint: tintOf(value) })}
                options={TINTS.map((one) => ({ value: one, label: one }))}
              />
              <Button
                look="quiet"
                square
                aria-label={`Remove rule ${i + 1}`}
                onClick={() => setRules(rules.filter((_, at) => at !== i))}
              >
                <Trash2 size={12} aria-hidden />
              </Button>
            </li>
          ))}
        </ol>
        {rules.length < RULES_MAX && (
          <Button
            className="mt-3"
            onClick={() =>
              setRules([...rules, { filter: '', tint: TINTS[rules.length % TINTS.length] ?? 'amber' }])
            }
          >
            <Plus size={12} aria-hidden /> Add a rule
          </Button>
        )}
      </Dialog>
    </>
  );
}

const tintOf = (value: string): Tint => TINTS.find((one) => one === value) ?? 'amber';

function faultOf(filter: string): string | undefined {
  const compiled = compileFor(filter);
  return compiled.ok ? undefined : compiled.error.message;
}
