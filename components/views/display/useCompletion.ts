'use client';

import { useCallback, useMemo, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { type Suggestion, spotAt, suggest } from '../../../core/model/display/complete.ts';
import type { Field } from '../../../core/model/display/fields.ts';
import { occurring } from '../../../core/model/display/values.ts';
import { typeDisplay, useDisplay } from '../../state/display.ts';
import { useNames } from '../../state/names.ts';
import { packets } from '../../state/packets/store.ts';

export interface Completion {
  readonly suggestions: readonly Suggestion[];
  /** Under the cursor, -1 for none: Enter then means the text as it stands. */
  readonly active: number;
  open(): void;
  close(): void;
  move(by: number): void;
  /** Puts a suggestion in its place. */
  take(index: number): void;
  /** The caret is here now. */
  caretAt(position: number): void;
}

/** What can stand at the caret of the display filter, while its list is open. */
export function useCompletion(input: React.RefObject<HTMLInputElement | null>): Completion {
  const text = useDisplay((state) => state.text);
  const book = useNames((state) => state.book);
  const [caret, setCaret] = useState(0);
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const values = useRef(new Map<string, ReturnType<typeof occurring>>());

  const suggestions = useMemo(() => {
    if (!isOpen) return [];
    const valuesOf = (field: Field) => {
      const known = values.current.get(field.id);
      if (known !== undefined) return known;
      const found = occurring(packets, field, book);
      values.current.set(field.id, found);
      return found;
    };
    return suggest(spotAt(text, Math.min(caret, text.length)), valuesOf, book);
  }, [isOpen, text, caret, book]);

  const open = useCallback(() => {
    // what occurs is looked up once for each time that the list opens
    if (!isOpen) values.current.clear();
    setOpen(true);
    setActive(-1);
  }, [isOpen]);
  const close = useCallback(() => {
    setOpen(false);
    setActive(-1);
  }, []);
  const move = useCallback(
    (by: number) => {
      const { length } = suggestions;
      if (length === 0) return;
      setActive((at) => (at < 0 ? (by > 0 ? 0 : length - 1) : (at + by + length) % length));
    },
    [suggestions],
  );
  const take = useCallback(
    (index: number) => {
      const chosen = suggestions[index];
      if (chosen === undefined) return;
      const spot = spotAt(text, Math.min(caret, text.length));
      const rest = text.slice(spot.to).replace(/^[^\s(){},"'<>=~!&|]+/, '');
      const before = text.slice(0, spot.from) + chosen.insert;
      const at = before.length;
      // the field has its new text before the next key comes, and so the caret its place
      flushSync(() => {
        typeDisplay(before + rest.trimStart());
        setCaret(at);
        setActive(-1);
      });
      input.current?.setSelectionRange(at, at);
    },
    [suggestions, text, caret, input],
  );
  const caretAt = useCallback((position: number) => setCaret(position), []);
  return { suggestions, active, open, close, move, take, caretAt };
}
