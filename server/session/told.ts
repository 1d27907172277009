import { type NameTables, STACKS_TOLD_MAX } from '../../core/messages/browser.ts';
import type { SessionAssembler } from '../../core/model/assembler.ts';

/** What a session's records named and nobody was told yet: symbols of the kernel, stacks of the capture, paths of the session. */
export class ToldNames {
  readonly #assembler: SessionAssembler;
  #symbols = 0;
  #stacks = 0;
  #paths = 0;
  #session = -1;

  constructor(assembler: SessionAssembler) {
    this.#assembler = assembler;
  }

  /** What is new since the last call; undefined when nothing is. */
  next(): NameTables | undefined {
    const { symbolCount, stacks, paths, session } = this.#assembler;
    if (session !== this.#session) this.#paths = 0;
    this.#session = session;
    const stackCount = Math.min(stacks.size, STACKS_TOLD_MAX);
    if (symbolCount <= this.#symbols && stackCount <= this.#stacks && paths.size <= this.#paths)
      return undefined;
    const tables: NameTables = {
      ...(symbolCount > this.#symbols && { symbols: this.#assembler.symbols.slice(this.#symbols) }),
      ...(stackCount > this.#stacks && { stacks: [...stacks.values()].slice(this.#stacks, stackCount) }),
      ...(paths.size > this.#paths && {
        paths: { session, first: this.#paths + 1, words: paths.wordsAfter(this.#paths) },
      }),
    };
    this.#symbols = symbolCount;
    this.#stacks = stackCount;
    this.#paths = paths.size;
    return tables;
  }

  /** A capture begins anew: stack ids stand for other stacks. Symbols stay. */
  restart(): void {
    this.#stacks = 0;
  }
}
