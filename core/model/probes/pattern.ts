/**
 * Regular expressions over function names, by RE2: no text makes one take longer than its length (there is no
 * backtracking), and what it compiles to is bounded, so that whoever writes one cannot hold up the agent.
 */
import { RE2JS } from 're2js';
import { fail, ok, type Result } from '../../base/result.ts';
import { FUNCTION_PATTERN_MAX } from '../../messages/source.ts';

/** Instructions of RE2's automaton: `a{1000}` has a thousand. */
const PROGRAM_MAX = 2048;

/** Whether a whole name matches. */
export type NameMatcher = (name: string) => boolean;

/** PATTERN_SYNTAX and PATTERN_TOO_LARGE say what is wrong. */
export function compilePattern(pattern: string): Result<NameMatcher> {
  if (pattern.length > FUNCTION_PATTERN_MAX)
    return fail(
      'PATTERN_TOO_LARGE',
      `a regular expression has at most ${FUNCTION_PATTERN_MAX} characters, not ${pattern.length}`,
    );
  try {
    const compiled = RE2JS.compile(pattern);
    if (compiled.programSize() > PROGRAM_MAX)
      return fail(
        'PATTERN_TOO_LARGE',
        `the regular expression '${pattern}' repeats too much: write it with fewer {counts}`,
      );
    return ok((name) => compiled.testExact(name));
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
    return fail(
      'PATTERN_SYNTAX',
      `'${pattern}' is no regular expression: ${why.replaceAll('`', "'")} (syntax of RE2: no look-ahead, no back reference)`,
    );
  }
}
