/** Where the time of a start goes; see CONTRIBUTING.md. */
import { cpuUsage } from 'node:process';

const ORIGIN = process.env.SKBTRACER_TIMING;

/**
 * With SKBTRACER_TIMING=N in the environment (Unix time in ms), says on standard error how long after N something was
 * done, and what CPU time this process has used until then.
 */
export function mark(what: string): void {
  if (ORIGIN === undefined) return;
  const { user, system } = cpuUsage();
  const after = performance.timeOrigin + performance.now() - Number(ORIGIN);
  console.error(
    `timing: ${after.toFixed(1).padStart(8)} ms, CPU ${((user + system) / 1000).toFixed(1).padStart(8)} ms, ${what}`,
  );
}
