import { execFile } from 'node:child_process';
import { fail, ok, type Result } from '../../core/base/result.ts';
import { check } from '../../core/base/schema.ts';
import { doctorReportSchema, type SelfTest } from '../../core/messages/doctor.ts';
import { doctorCommand } from '../sources/local.ts';

/** Seconds on an idle host; a second agent beside a busy capture, in an emulated machine, takes minutes. */
const TIMEOUT_MS = 280_000;
const OUTPUT_BYTES_MAX = 4 << 20;

let running: Promise<Result<SelfTest>> | undefined;

/**
 * The self-test of `skbtracer doctor`, with our privileges, by an agent of its own: a capture that runs here is not
 * touched. Whoever asks while it runs gets the same answer.
 */
export function runSelfTest(): Promise<Result<SelfTest>> {
  running ??= start().finally(() => {
    running = undefined;
  });
  return running;
}

function start(): Promise<Result<SelfTest>> {
  const [program = '', ...args] = doctorCommand();
  return new Promise((resolve) => {
    const options = { timeout: TIMEOUT_MS, maxBuffer: OUTPUT_BYTES_MAX };
    // status 1 says that something is wrong, which the report says, too
    execFile(program, args, options, (error, stdout, stderr) => {
      const report = check(doctorReportSchema, parseJson(stdout));
      const test = report.ok ? report.value.selfTest : null;
      if (test !== null) resolve(ok(test));
      else if (error?.killed === true)
        resolve(fail('SELF_TEST_SLOW', `the self-test took longer than ${TIMEOUT_MS / 1000} s`));
      else
        resolve(fail('SELF_TEST_FAILED', stderr.trim().split('\n').at(-1) || 'the self-test said nothing'));
    });
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
