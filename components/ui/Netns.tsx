import { hueOf } from '../state/hue.ts';

/** It has no name: an inode number stands for it. */
export const isNetnsNumber = (name: string): boolean => /^netns \d+$/.test(name);

/** A namespace's name with the colour that it has everywhere. */
export function NetnsName({ name }: { readonly name: string }) {
  return (
    <span className="inline-flex min-w-0 items-center gap-1">
      <span
        aria-hidden
        className="bg-hue size-[7px] shrink-0 rounded-[2px]"
        style={{ '--hue': hueOf(name) } as React.CSSProperties}
      />
      {isNetnsNumber(name) ? (
        // of numbers the first digits are all alike: room for the last ones
        <span className="truncate [direction:rtl]" title={name}>
          <bdi>{name}</bdi>
        </span>
      ) : (
        <span className="truncate">{name}</span>
      )}
    </span>
  );
}
