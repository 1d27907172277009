/**
 * Answers what the server wants to know about this host, to explain a packet's end. Only here are commands run for
 * someone: fixed programs with validated values as arguments (core/messages/facts.ts), never through a shell, each
 * for a bounded time and with a bounded output.
 */
import { execFile } from 'node:child_process';
import { Turns } from '../../core/base/turns.ts';
import { FACT_LINE_MAX, FACT_LINES_MAX, type Fact, type FactQuery } from '../../core/messages/facts.ts';
import { factCommand } from '../../core/model/facts.ts';
import type { Found } from './namespaces.ts';

const TIMEOUT_MS = 10_000;
const OUTPUT_BYTES_MAX = 8 << 20;
/** Commands that run at once; a request may have sixteen queries. */
const AT_ONCE = 4;

type Answer = Fact['answer'];

interface Output {
  /** Exit status; undefined when it could not be run, or not to its end. */
  readonly status: number | undefined;
  readonly stdout: string;
  /** What it complained about, or why it could not be run. */
  readonly complaint: string;
}

/** Runs a program in a namespace. A seam for tests; what it is in the agent: {@link runIn}. */
export type Run = (enter: readonly string[], command: readonly [string, ...string[]]) => Promise<Output>;

/**
 * Answers every query, in their order, in the namespaces that `find` tells. A query that cannot be answered says why; this
 * rejects only as `find` does.
 */
export async function readFacts(
  queries: readonly FactQuery[],
  find: () => Promise<readonly Found[]>,
  run: Run = runIn,
): Promise<{ readonly facts: readonly Fact[] }> {
  const places = new Map((await find()).map(({ inode, enter }) => [inode, enter] as const));
  const facts: Fact[] = [];
  let next = 0;
  async function work(): Promise<void> {
    for (let at = next++; at < queries.length; at = next++) {
      const query = queries[at];
      if (query === undefined) return;
      const enter = query.netns === 0 ? [] : places.get(query.netns);
      const answer: Answer =
        enter === undefined
          ? {
              ok: false,
              reason: `namespace ${query.netns} is not found: it is gone, or its processes are not this agent’s to see`,
            }
          : await answerIn(query, (command) => run(enter, command));
      facts[at] = { query, readAtUnixMs: Date.now(), answer };
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { facts };
}

const turns = new Turns();

/** For requests that may come at any rate: one after another, so that what runs at once stays bounded. */
export function readInTurn(read: () => ReturnType<typeof readFacts>): ReturnType<typeof readFacts> {
  return turns.take(read);
}

type RunHere = (command: readonly [string, ...string[]]) => Promise<Output>;

async function answerIn(query: FactQuery, run: RunHere): Promise<Answer> {
  switch (query.kind) {
    case 'nftRule':
      return readChain(query, run);
    case 'iptables':
      return asAnswer(await run(factCommand(query)), (lines) => chainOf(lines, query.table, query.chain));
    case 'counters':
      return readCounters(await run(factCommand(query)), query.names);
    case 'route': {
      const output = await run(factCommand(query));
      // that there is no route is an answer
      const refusal = /RTNETLINK answers: (.+)/.exec(output.complaint)?.[1];
      if (refusal !== undefined) return { ok: true, lines: [`unreachable: ${refusal}`], isCut: false };
      return asAnswer(output);
    }
    default:
      return asAnswer(await run(factCommand(query)));
  }
}

/** The chain of the first family that has it; with a handle, only its head and that rule. */
async function readChain(query: Extract<FactQuery, { kind: 'nftRule' }>, run: RunHere): Promise<Answer> {
  let answer: Answer = { ok: false, reason: 'no such chain' };
  for (const at of query.families.keys()) {
    answer = asAnswer(await run(factCommand(query, at)), (lines) =>
      query.handle === 0
        ? lines
        : lines.filter(
            (line) =>
              /^\s*(table|chain|type) /.test(line) || new RegExp(`# handle ${query.handle}\\s*$`).test(line),
          ),
    );
    if (answer.ok) return answer;
  }
  return answer;
}

/** Of iptables-save's output: the chain's policy and rules in one table. */
function chainOf(lines: readonly string[], table: string, chain: string): readonly string[] {
  const from = lines.indexOf(`*${table}`);
  if (from < 0) return [];
  const end = lines.indexOf('COMMIT', from);
  return lines
    .slice(from, end < 0 ? undefined : end)
    .filter((line) => line.startsWith(`:${chain} `) || line.startsWith(`-A ${chain} `));
}

/**
 * /proc/net/snmp and netstat have a line of names, then one of values, each led by its group; snmp6 and xfrm_stat a
 * name and a value in each line. A file that this kernel lacks has no counters.
 */
function readCounters({ stdout, complaint }: Output, wanted: readonly string[]): Answer {
  if (stdout === '') return { ok: false, reason: complaint.slice(0, FACT_LINE_MAX) };
  const counters = new Map<string, string>();
  const lines = stdout.split('\n');
  lines.forEach((line, i) => {
    const [group = '', ...names] = line.split(/\s+/);
    const [nextGroup, ...values] = (lines[i + 1] ?? '').split(/\s+/);
    if (group.endsWith(':') && group === nextGroup)
      names.forEach((name, at) => {
        if (/^\d+$/.test(values[at] ?? ''))
          counters.set(`${group}${name}`.replace(':', '.'), values[at] ?? '');
      });
    else if (names.length > 0 && /^\d+$/.test(names[0] ?? '')) counters.set(group, names[0] ?? '');
  });
  const found = wanted.filter((name) => counters.has(name));
  return { ok: true, lines: found.map((name) => `${name} ${counters.get(name) ?? ''}`), isCut: false };
}

function asAnswer(
  { status, stdout, complaint }: Output,
  select: (lines: readonly string[]) => readonly string[] = (lines) => lines,
): Answer {
  if (status !== 0) return { ok: false, reason: (complaint || 'it failed').slice(0, FACT_LINE_MAX) };
  const lines = select(stdout.split('\n').filter((line) => line.trim() !== ''));
  return {
    ok: true,
    lines: lines.slice(0, FACT_LINES_MAX).map((line) => line.trimEnd().slice(0, FACT_LINE_MAX)),
    isCut: lines.length > FACT_LINES_MAX,
  };
}

/** Runs a program with these arguments, nothing in its way to them, in the namespace that `enter` leads to. */
function runIn(enter: readonly string[], command: readonly [string, ...string[]]): Promise<Output> {
  const [program = '', ...args] = [...enter, ...command];
  const options = {
    timeout: TIMEOUT_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
    // messages are read, so they are asked for in one language
    env: { ...process.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  };
  return new Promise((resolve) => {
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      const first = stderr.trim().split('\n')[0] ?? '';
      if (error === null) resolve({ status: 0, stdout, complaint: first });
      else if (typeof error.code === 'number') resolve({ status: error.code, stdout, complaint: first });
      else resolve({ status: undefined, stdout, complaint: whyNot(error, command[0]) });
    });
    child.stdin?.end();
  });
}

function whyNot(error: { readonly code?: unknown; readonly killed?: boolean }, program: string): string {
  if (error.code === 'ENOENT') return `${program} is not installed`;
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `${program} says too much`;
  return error.killed === true
    ? `${program} took longer than ${TIMEOUT_MS / 1000} s`
    : `${program} cannot be run`;
}
