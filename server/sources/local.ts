import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { AGENT, CLI, LAB } from '../place.ts';
import { connectStreams, STREAM_ENDED } from './connection.ts';
import type { Source, SourceListener } from './source.ts';

export interface LocalSource extends Source {
  readonly pid: number | undefined;
}

/** The command of an agent that traces this host. */
export const hostCommand = (): readonly string[] => [process.execPath, AGENT, '--kind', 'host'];

/** The command of the doctor with its self-test, as an object to read. */
export const doctorCommand = (): readonly string[] => [process.execPath, CLI, 'doctor', '--json'];

/** The command line that runs another in the lab, beside its sample network. */
export const inLab = (kernel: string, command: readonly string[], flags: readonly string[] = []): readonly string[] => [
  process.execPath, LAB, '--kernel', kernel, '--net', ...flags, '--', ...command,
]; // biome-ignore format: a command line

/** The command of the lab with its sample network and traffic, and an agent in it. */
export const labCommand = (kernel: string, withTraffic = true): readonly string[] =>
  inLab(kernel, [process.execPath, AGENT, '--kind', 'lab'], withTraffic ? ['--traffic'] : []);

const STDERR_KEPT = 4000;

/**
 * Starts an agent and speaks to it over its standard streams. It is in a session of its own, so that a Ctrl-C at
 * the terminal reaches only us; it ends when its standard input does, however we end. What it says on its standard
 * error is passed on, and its last lines are part of the note when it is gone.
 */
export function spawnAgent(command: readonly string[], listener: SourceListener): LocalSource {
  const [program = '', ...args] = command;
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let lastWords = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-STDERR_KEPT);
    process.stderr.write(text);
  });
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`cannot start ${program}: ${error.message}`));
    child.once('exit', (code, signal) => {
      if (signal !== null) resolve(`the agent was ended by ${signal}`);
      else if (code === 0) resolve('the agent ended');
      else resolve(`the agent ended with status ${code}${lastLine(lastWords)}`);
    });
  });
  const source = connectStreams(child.stdout, child.stdin, {
    message: (message) => listener.message(message),
    batch: (records) => listener.batch(records),
    gone: (note) => {
      if (!note.startsWith(STREAM_ENDED)) child.kill('SIGKILL');
      // how the process ended says more than that its stream did
      exited.then((how) => listener.gone(note.startsWith(STREAM_ENDED) ? how : note));
    },
  });
  return {
    pid: child.pid,
    request: (body) => source.request(body),
    async close() {
      await source.close();
      await exited;
    },
  };
}

function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1) ?? '';
  return line === '' ? '' : `: ${line}`;
}
