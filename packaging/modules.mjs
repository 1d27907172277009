/**
 * node packaging/modules.mjs TARGET: copies to TARGET/node_modules what the built programs need of npm's packages, and
 * nothing that only builds: 100 MB where `npm ci --omit=dev` has 500. Two traces say what that is: Next's own of itself,
 * which it puts aside when the pages are built (next.config.mjs), and the same tracer's of all else that dist/ imports.
 */
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const target = process.argv[2];
if (target === undefined) throw new Error('modules.mjs takes the folder to copy to');

const PROGRAMS = [
  'cli',
  'agent',
  'server',
  'session.worker',
  'store.worker',
  'index.worker',
  'part-index.worker',
];
/** For pictures, of which the pages have none that Next is to make smaller; 19 MB. */
const UNUSED = /^node_modules\/(sharp|@img)\//;

/** Next asks where these are when it reads its configuration, and loads none of them. */
const LOOKED_FOR = ['webpack', '@babel/runtime/package.json'].map(
  (name) => `node_modules/next/dist/compiled/${name}`,
);

const { nodeFileTrace } = createRequire(import.meta.url)('next/dist/compiled/@vercel/nft');
const { fileList } = await nodeFileTrace(
  PROGRAMS.map((name) => join(root, 'dist', `${name}.mjs`)),
  { base: root, ignore: ['node_modules/next/**', 'native/**'] },
);
for (const file of fileList) if (file.startsWith('node_modules/')) copy(root, file);
copy(join(root, '.next', 'standalone'), 'node_modules');
for (const path of LOOKED_FOR) copy(root, path);
for (const folder of packages(join(target, 'node_modules'))) copyLicences(folder);

function copy(from, path) {
  const source = join(from, path);
  if (!existsSync(source)) throw new Error(`there is no ${source}: run \`npm run build\``);
  mkdirSync(dirname(join(target, path)), { recursive: true });
  cpSync(source, join(target, path), {
    recursive: true,
    filter: (file) => !UNUSED.test(`${file.slice(from.length + 1)}/`),
  });
}

/** The packages that are in a folder of such, as `name` or `@scope/name`. */
function packages(folder) {
  return readdirSync(folder).flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(folder, name)).map((inner) => join(name, inner)) : [name],
  );
}

/** Whoever passes a package on passes its licence on. */
function copyLicences(name) {
  const folder = join('node_modules', name);
  for (const file of readdirSync(join(root, folder)))
    if (/^(licen[cs]e|notice|copying)/i.test(file)) copy(root, join(folder, file));
}
