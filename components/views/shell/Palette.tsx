'use client';

import { Command as Menu } from 'cmdk';
import { Dialog } from 'radix-ui';
import { COMMAND_GROUPS, type Command, keyLabel } from '../../state/commands.ts';
import { useCommands } from '../../state/useCommands.ts';
import { Kbd } from '../../ui/Kbd.tsx';

/** Every command that can be run now, found by a few letters of its title. */
export function Palette({
  open,
  onOpenChange,
}: {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}) {
  const all = useCommands();
  const run = (command: Command) => {
    onOpenChange(false);
    command.run();
  };
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-sunken/70" />
        <Dialog.Content
          aria-describedby={undefined}
          // what a command focuses keeps the focus
          onCloseAutoFocus={(event) => event.preventDefault()}
          className="fixed top-[12vh] left-1/2 z-50 w-[min(36rem,calc(100vw-24px))] -translate-x-1/2 overflow-hidden rounded-lg border border-line-strong bg-overlay shadow-pop"
        >
          <Dialog.Title className="sr-only">Commands</Dialog.Title>
          <Menu label="Commands" loop>
            <Menu.Input
              autoFocus
              placeholder="What do you want to do?"
              className="h-10 w-full border-b border-line bg-transparent px-3 text-sm outline-none"
            />
            <Menu.List className="max-h-[50vh] overflow-auto p-1 text-xs">
              <Menu.Empty className="px-3 py-4 text-muted">No command has that in its title.</Menu.Empty>
              {COMMAND_GROUPS.map((group) => {
                const own = all.filter((one) => one.group === group && one.enabled?.() !== false);
                return own.length === 0 ? null : (
                  <Menu.Group
                    key={group}
                    heading={group}
                    className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:text-muted"
                  >
                    {own.map((command) => (
                      <Menu.Item
                        key={command.id}
                        value={`${command.title} ${command.id}`}
                        onSelect={() => run(command)}
                        className="flex h-7 cursor-default items-center justify-between gap-3 rounded px-2 data-[selected=true]:bg-selected"
                      >
                        {command.title}
                        <span className="flex gap-1">
                          {command.keys.slice(0, 2).map((key) => (
                            <Kbd key={keyLabel(key)}>{keyLabel(key)}</Kbd>
                          ))}
                        </span>
                      </Menu.Item>
                    ))}
                  </Menu.Group>
                );
              })}
            </Menu.List>
          </Menu>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
