import { isatty } from 'node:tty';

/** The room of the standard output's terminal, now and after it was resized; undefined where it is none. */
export function terminalRoom(): (() => { readonly rows: number; readonly columns: number }) | undefined {
  if (!isatty(1)) return undefined;
  const { stdout } = process;
  return () => ({ rows: stdout.rows ?? 24, columns: stdout.columns ?? 80 });
}
