import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { completion } from '../completion.ts';
import { COMMAND_FLAGS } from '../flags.ts';
import { HELP } from '../usage.ts';

afterEach(() => vi.restoreAllMocks());

async function script(shell: string): Promise<string> {
  const said: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((text: string) => void said.push(text));
  expect(await completion([shell])).toBe(0);
  return said.join('\n');
}

/** What bash offers behind these words, of which the last is being written. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const text = await script('bash');
  const program = `${text}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _skbtracer; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['-c', program, 'bash', 'skbtracer', ...words], {
    encoding: 'utf8',
    cwd: import.meta.dirname,
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout.split('\n').filter((line) => line !== '');
}

describe('the completion of bash', () => {
  it('offers commands first', async () => {
    expect(await offered('')).toEqual(Object.keys(COMMAND_FLAGS));
    expect(await offered('re')).toEqual(['record', 'replay']);
  });

  it('offers the flags of the command, and of trace without one', async () => {
    expect(await offered('--drop')).toEqual(['--dropstack', '--drops']);
    expect(await offered('export', '--')).toEqual(['--output', '--format', '--hops', '--packet', '--help']);
    expect(await offered('record', '-o', 'a.skbt', '--rin')).toEqual(['--ring-size', '--rings']);
  });

  it('offers what may stand behind a flag', async () => {
    expect(await offered('trace', '--backend', 'kp')).toEqual(['kprobe', 'kprobe-multi']);
    expect(await offered('--stage', 'n')).toEqual(['netfilter']);
    expect(await offered('export', '--format', '')).toEqual([
      'jsonl',
      'csv',
      'pcapng',
      'perfetto',
      'otlp',
      'parquet',
      'html',
    ]);
    expect(await offered('replay', '--format', '')).toEqual(['classic', 'tree', 'json']);
    expect(await offered('-i', 'l')).toContain('lo');
    expect(await offered('--pid', '')).toEqual([]);
  });

  it('offers files where there are some, and nothing of another command’s', async () => {
    expect(await offered('replay', 'completion')).toEqual(['completion.test.ts']);
    expect(await offered('expect', 'a.yaml', '--junit', 'printer')).toEqual(['printer.test.ts']);
    expect(await offered('trace', 'completion')).toEqual([]);
  });
});

it('every flag of every command is in every shell’s script, and in --help', async () => {
  const scripts = await Promise.all(['bash', 'zsh', 'fish'].map(script));
  for (const [command, flags] of Object.entries(COMMAND_FLAGS)) {
    expect(HELP, command).toContain(`skbtracer ${command === 'trace' ? '[trace]' : command}`);
    for (const flag of Object.keys(flags)) {
      for (const text of scripts) expect(text).toMatch(new RegExp(`(--|-l )${flag}\\b`));
      expect(HELP, `${command} --${flag}`).toMatch(new RegExp(`--${flag}\\b`));
    }
  }
});

it('is for shells that there are', async () => {
  await expect(completion(['tcsh'])).rejects.toThrow('completion is for one shell: bash, zsh, fish');
  await expect(completion([])).rejects.toThrow('completion is for one shell');
});
