import { chosenTriggers, type TriggerChoice } from '../../../core/messages/freezing.ts';
import { formatDuration } from '../../../core/model/format.ts';

type Words = { readonly [T in keyof TriggerChoice]: (choice: NonNullable<TriggerChoice[T]>) => string };

const WORDS: Words = {
  drops: (reasons) => (reasons.length === 0 ? 'a drop' : `a drop by ${reasons.join(' or ')}`),
  slowNs: (ns) => `more than ${formatDuration(ns)}`,
  newPaths: () => 'a new path',
  resets: () => 'a TCP RST',
  retransmits: () => 'a retransmission',
  duplicates: () => 'a duplicate',
};

/** `a drop, more than 10 ms, a TCP RST`. */
export const triggersText = (choice: TriggerChoice): string =>
  chosenTriggers(choice)
    .map((trigger) => (WORDS[trigger] as (value: unknown) => string)(choice[trigger]))
    .join(', ');
