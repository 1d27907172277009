/** The lab: a command, or a shell, as root on a real kernel in a VM. See lab/README.md. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readyKernel } from './kernels.ts';
import { KernelError } from './make-kernel.ts';
import { parseLabOptions, USAGE, UsageError } from './options.ts';
import { runVm, STATUS_DIED } from './vm.ts';

main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    console.error(`lab: ${message}`);
    process.exit(error instanceof UsageError ? 2 : STATUS_DIED);
  },
);

async function main(words: readonly string[]): Promise<number> {
  if (words[0] === '--help' || words[0] === '-h') {
    console.log(USAGE);
    return 0;
  }
  // npm runs this in the checkout, and says where the person is
  const { npm_lifecycle_event: script, INIT_CWD: directory } = process.env;
  if (script === 'lab' && directory !== undefined) process.chdir(directory);
  const options = parseLabOptions(words);
  const root = checkoutRoot();
  if (process.arch !== 'x64')
    throw new KernelError(`the lab's kernels are for x86-64; this is ${process.arch}`);
  const kernel = readyKernel(options.kernel, (line) => console.error(`lab: ${line}`));
  if (options.prepare) return 0;
  const { rows, columns, isTTY } = process.stdout;
  const isShell = options.command.length === 0 && process.stdin.isTTY === true && isTTY === true;
  return runVm({
    options,
    kernel,
    caller: {
      root,
      directory: process.cwd(),
      environment: process.env,
      ...(isShell ? { terminal: { rows, columns } } : {}),
    },
  });
}

function checkoutRoot(): string {
  for (let folder = import.meta.dirname; folder !== '/'; folder = dirname(folder))
    if (existsSync(join(folder, 'lab', 'guest', 'init'))) return folder;
  throw new Error('the lab is not inside its checkout');
}
