import { hueOf } from '../state/hue.ts';

/** A namespace's name with the colour that it has everywhere. */
export function NetnsName({ name }: { readonly name: string }) {
  return (
    <span className="inline-flex min-w-0 items-center gap-1">
      <span
        aria-hidden
        className="bg-hue size-[7px] shrink-0 rounded-[2px]"
        style={{ '--hue': hueOf(name) } as React.CSSProperties}
      />
      <span className="truncate">{name}</span>
    </span>
  );
}
