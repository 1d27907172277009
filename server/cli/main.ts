/** `skbtracer`: which subcommand, and how it ended. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../place.ts';
import { doctor } from './doctor/doctor.ts';
import { functions } from './functions.ts';
import { parseServe, parseTrace } from './options.ts';
import { trace } from './trace.ts';
import { CliError, HELP } from './usage.ts';

const [first, ...rest] = process.argv.slice(2);

run().then(
  (status) => process.exit(status),
  (error: unknown) => {
    if (!(error instanceof CliError)) console.error(error);
    else console.error(`skbtracer: ${error.message}`);
    process.exit(error instanceof CliError ? error.status : 1);
  },
);

async function run(): Promise<number> {
  const words = process.argv.slice(2);
  if (words.includes('--help') || words.includes('-h') || first === 'help') {
    console.log(HELP);
    return 0;
  }
  if (first === '--version' || first === '-V') {
    console.log(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version);
    return 0;
  }
  switch (first) {
    case 'trace':
      return trace(parseTrace(rest));
    case 'functions':
      return functions(rest);
    case 'doctor':
      return doctor(rest);
    case 'serve': {
      const { serve } = await import('../launcher.ts');
      return serve(parseServe(rest));
    }
    default:
      return trace(parseTrace(words));
  }
}
