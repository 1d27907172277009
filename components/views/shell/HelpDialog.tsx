'use client';

import { COMMAND_GROUPS, keyLabel } from '../../state/commands.ts';
import { useCommands } from '../../state/useCommands.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { Kbd } from '../../ui/Kbd.tsx';

/** Every command that there is now, and its keys. */
export function HelpDialog({
  open,
  onOpenChange,
}: {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}) {
  const all = useCommands();
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Keys and words"
      description="Everything works without a mouse."
    >
      <div className="grid gap-x-8 gap-y-4 text-xs sm:grid-cols-2">
        {COMMAND_GROUPS.map((group) => {
          const own = all.filter((command) => command.group === group);
          if (own.length === 0) return null;
          return (
            <section key={group}>
              <h3 className="mb-1 text-2xs text-muted">{group}</h3>
              <ul className="space-y-1">
                {own.map((command) => (
                  <li key={command.id} className="flex items-center justify-between gap-3">
                    <span>{command.title}</span>
                    <span className="flex gap-1">
                      {command.keys.map((key) => (
                        <Kbd key={keyLabel(key)}>{keyLabel(key)}</Kbd>
                      ))}
                    </span>
                  </li>
                ))}
              </ul>
            </section>
          );
        })}
      </div>
      <dl className="mt-5 grid grid-cols-[7rem_1fr] gap-y-1.5 border-t border-line pt-4 text-xs">
        <Word word="hop">
          a packet at one kernel function; its path is all of its hops, from first sight to its end
        </Word>
        <Word word="decision">
          what a function that decides returned: a hook, a rule, a route, a socket lookup
        </Word>
        <Word word="delivered">a socket, or a protocol that the kernel speaks itself, has it</Word>
        <Word word="forwarded">routed or bridged on, and handed to a device</Word>
        <Word word="dropped">thrown away by the kernel, with the kernel’s reason</Word>
        <Word word="consumed">ended in order, elsewhere: sent by a driver, or merged into another</Word>
        <Word word="lost">
          an event that we failed to record: a gap in what you see, never a dropped packet
        </Word>
      </dl>
    </Dialog>
  );
}

function Word({ word, children }: { readonly word: string; readonly children: string }) {
  return (
    <>
      <dt className="font-medium">{word}</dt>
      <dd className="text-soft">{children}</dd>
    </>
  );
}
