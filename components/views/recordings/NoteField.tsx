'use client';

import { useEffect, useState } from 'react';
import { NOTE_MAX } from '../../../core/messages/recordings.ts';
import { noteRecording } from '../../state/recordings.ts';

/** Written down when it is left, or Enter is pressed; Escape takes back what was typed. */
export function NoteField({ name, note }: { readonly name: string; readonly note: string }) {
  const [text, setText] = useState(note);
  const [isEdited, setEdited] = useState(false);
  // somebody else may have written one
  useEffect(() => {
    if (!isEdited) setText(note);
  }, [note, isEdited]);
  const keep = () => {
    setEdited(false);
    if (text.trim() !== note) noteRecording(name, text.trim());
  };
  return (
    <input
      type="text"
      aria-label={`Note on ${name}`}
      placeholder="Add a note"
      maxLength={NOTE_MAX}
      value={text}
      onChange={(event) => {
        setEdited(true);
        setText(event.target.value);
      }}
      onBlur={keep}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur();
        if (event.key !== 'Escape') return;
        setText(note);
        setEdited(false);
      }}
      className="h-[26px] w-full rounded-md border border-transparent bg-transparent px-1.5 placeholder:text-faint hover:border-control-line/60 focus:border-focus focus:bg-control focus:outline focus:outline-1 focus:outline-focus"
    />
  );
}
