/** In the order in which help and palette have them. */
export const COMMAND_GROUPS = [
  'Views',
  'Filter',
  'Packets',
  'Path',
  'Map',
  'Drops',
  'Latency',
  'Flows',
  'Health',
  'Page',
] as const;
export type CommandGroup = (typeof COMMAND_GROUPS)[number];

/**
 * A command is one object: its keys, its line in the help and what it does cannot disagree. Views register
 * theirs while they are on screen.
 */
export interface Command {
  readonly id: string;
  readonly title: string;
  readonly group: CommandGroup;
  /** Any of these runs it; the first is the one to show. */
  readonly keys: readonly KeySpec[];
  /** Default true. A command that is off lets its key through. */
  readonly enabled?: () => boolean;
  run(): void;
}

/**
 * One key press. `key` is the character or key name as the layout gives it; `code` a physical key, for
 * keys that are a place on the keyboard (WASD). `mod` is Ctrl, or ⌘ on a Mac.
 */
export type KeySpec = ({ readonly key: string } | { readonly code: string }) & {
  readonly mod?: boolean;
  readonly shift?: boolean;
  /** Runs although a text field has the focus. */
  readonly inFields?: boolean;
};

/** The part of a KeyboardEvent that decides. */
export interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

export function matches(spec: KeySpec, press: KeyPress): boolean {
  if (press.altKey || (press.ctrlKey || press.metaKey) !== (spec.mod ?? false)) return false;
  if (spec.shift !== undefined && spec.shift !== press.shiftKey) return false;
  if ('code' in spec) return press.code === spec.code && (spec.shift ?? false) === press.shiftKey;
  return spec.key.length === 1 ? press.key.toLowerCase() === spec.key.toLowerCase() : press.key === spec.key;
}

const LABELS: Record<string, string> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
  ' ': 'Space',
};

/** How a key is shown in help and hints. */
export function keyLabel(spec: KeySpec): string {
  const name = 'code' in spec ? spec.code.replace(/^Key/, '') : spec.key;
  const label = LABELS[name] ?? (name.length === 1 ? name.toUpperCase() : name);
  return `${spec.mod ? 'Ctrl+' : ''}${spec.shift ? '⇧' : ''}${label}`;
}

/** The commands that can be run now, in the order of registration. */
export class CommandList {
  readonly #commands = new Map<string, Command>();
  readonly #listeners = new Set<() => void>();
  #all: readonly Command[] = [];

  /** Returns the function that takes them out again. */
  register(commands: readonly Command[]): () => void {
    for (const command of commands) this.#commands.set(command.id, command);
    this.#changed();
    return () => {
      for (const command of commands) {
        if (this.#commands.get(command.id) === command) this.#commands.delete(command.id);
      }
      this.#changed();
    };
  }

  get all(): readonly Command[] {
    return this.#all;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Runs the command for a key press; false when there is none, and the press goes its usual way. */
  press(press: KeyPress, inField: boolean): boolean {
    for (const command of this.#all) {
      const spec = command.keys.find((key) => matches(key, press) && (!inField || key.inFields === true));
      if (spec === undefined || command.enabled?.() === false) continue;
      command.run();
      return true;
    }
    return false;
  }

  #changed(): void {
    this.#all = [...this.#commands.values()];
    for (const listener of this.#listeners) listener();
  }
}

export const commands = new CommandList();
