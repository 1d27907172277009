/** `skbtracer`: which subcommand, and how it ended. */

import { productVersion } from '../version.ts';
import { doctor } from './doctor/doctor.ts';
import { functions } from './functions.ts';
import {
  parseExpect,
  parseExport,
  parseImport,
  parseQuery,
  parseRecord,
  parseReplay,
  parseServe,
  parseTrace,
} from './options.ts';
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
  if (first === 'lab') {
    // its own --help, and the command's behind it
    const { lab } = await import('./lab.ts');
    return lab(rest);
  }
  // what stands behind it is another command's
  const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
  if (own.includes('--help') || own.includes('-h') || first === 'help') {
    console.log(HELP);
    return 0;
  }
  if (first === '--version' || first === '-V') {
    console.log(productVersion());
    return 0;
  }
  switch (first) {
    case 'trace':
      return trace(parseTrace(rest));
    case 'record':
      return trace(parseRecord(rest));
    case 'replay': {
      const { replay } = await import('./replay.ts');
      return replay(parseReplay(rest));
    }
    case 'export': {
      const { exportRecording } = await import('./export.ts');
      return exportRecording(parseExport(rest));
    }
    case 'import': {
      const { importCapture } = await import('./import.ts');
      return importCapture(parseImport(rest));
    }
    case 'query': {
      const { query } = await import('./tables.ts');
      return query(parseQuery(rest));
    }
    case 'expect': {
      const { expectPackets } = await import('./expect.ts');
      return expectPackets(parseExpect(rest));
    }
    case 'man': {
      const { manPage, pageDay } = await import('./man.ts');
      process.stdout.write(manPage(productVersion(), pageDay(process.env.SOURCE_DATE_EPOCH)));
      return 0;
    }
    case 'completion': {
      const { completion } = await import('./completion.ts');
      return completion(rest);
    }
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
