/** Colours for a terminal, and none for anything else (or with NO_COLOR, https://no-color.org). */
import { styleText } from 'node:util';
import { type Paint, PLAIN } from '../../core/model/paint.ts';

const COLOURS: Paint = {
  bad: (text) => styleText('red', text),
  good: (text) => styleText('green', text),
  strong: (text) => styleText('bold', text),
  faint: (text) => styleText('dim', text),
};

/** What suits the standard output. */
export function paintFor(isTerminal: boolean, environment: NodeJS.ProcessEnv): Paint {
  const { NO_COLOR, TERM } = environment;
  return isTerminal && !NO_COLOR && TERM !== 'dumb' ? COLOURS : PLAIN;
}
