/**
 * `npm run check`: everything about the tree that a machine can judge. Prints one line per check and closes with
 * `N passed, N failed`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, normalize } from 'node:path';

const root = join(import.meta.dirname, '..');
process.chdir(root);

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(file));
const read = (file) => readFileSync(file, 'utf8');

/** `import … from 'x'`, `export … from 'x'`, `import 'x'`, `import('x')`. */
const IMPORTS = /^(?:import|export)\s[^'"]*?\sfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm;

/** Each gives a list of complaints; none is a pass. */
const CHECKS = {
  'biome: format and lint': () => tool('npx', ['--no-install', 'biome', 'check', '--error-on-warnings', '.']),
  'tsc: types': () => tool('npx', ['--no-install', 'tsc', '--noEmit', '-p', '.']),
  'clang-format: C and C++': () => tool('clang-format', ['--dry-run', '-Werror', ...tracked.filter(isOurC)]),
  'clang-tidy: mistakes in the addon': clangTidy,
  'bash: syntax of scripts': () => scripts().flatMap((file) => tool('bash', ['-n', file])),
  'wire: generated files match bpf/wire.h': () => tool('node', ['scripts/gen-wire.mjs', '--check']),
  'layers: who imports whom': layers,
  'lockfile: complete, exact, no registry hosts': lockfile,
  'tree: nothing that does not belong': tree,
};

let failed = 0;
for (const [name, check] of Object.entries(CHECKS)) {
  const complaints = check();
  if (complaints.length > 0) failed += 1;
  console.log(`${complaints.length === 0 ? 'ok' : 'not ok'} ${name}`);
  for (const complaint of complaints) console.log(`  ${complaint.replaceAll('\n', '\n  ')}`);
}
console.log(`${Object.keys(CHECKS).length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function tool(command, args, input = '') {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (error) return [`cannot run ${command}: ${error.message}; run \`npm run setup\``];
  return status === 0 ? [] : [`${stdout}${stderr}`.trim().slice(-6000)];
}

/**
 * Two files at a time; needs the compile commands of a build. It takes a minute, so what passed is not looked at
 * again until it, the rules or the tool change.
 */
function clangTidy() {
  if (!existsSync('native/build/compile_commands.json'))
    return ['there is no native/build/compile_commands.json: run `npm run build`'];
  const inputs = tracked.filter((file) => /^(native\/(src|CMakeLists)|bpf\/)|^\.clang-tidy$/.test(file));
  const hash = createHash('sha256');
  for (const file of inputs) hash.update(`${file}\0`).update(read(file));
  hash.update(spawnSync('clang-tidy', ['--version']).stdout ?? '');
  const digest = hash.digest('hex');
  const stamp = 'dist/.stamps/clang-tidy';
  if (existsSync(stamp) && read(stamp) === digest) return [];
  const files = inputs.filter((file) => /^native\/src\/.*\.cc$/.test(file));
  // GCC's options are in the commands too
  const options = ['--quiet', '-p', 'native/build', '--extra-arg=-Wno-unknown-warning-option'];
  const complaints = tool('xargs', ['-P2', '-n1', 'clang-tidy', ...options], files.join('\n'));
  if (complaints.length === 0) {
    mkdirSync('dist/.stamps', { recursive: true });
    writeFileSync(stamp, digest);
  }
  return complaints.map((text) => text.replaceAll(/^\d+ warnings?( and \d+ errors?)? generated\.\n?/gm, ''));
}

function isOurC(file) {
  return /\.(c|h|cc)$/.test(file) && !file.endsWith('.gen.h');
}

function scripts() {
  return tracked.filter((file) => /^#!\/bin\/bash/.test(read(file).slice(0, 12)));
}

/** What each folder may import of ours, and what it may not of others'; docs/architecture.md says why. */
function layers() {
  const rules = [
    {
      in: /^core\//,
      may: /^core\//,
      not: /^(node:|react|next|d3|socket\.io|(?!(valibot|re2js)$)[a-z@])/,
      hint: 'core is pure: pass it in as a value',
    },
    {
      in: /^components\/ui\//,
      may: /^(components\/ui|components\/state\/hue|core)\b/,
      hint: 'ui knows no data: pass it in as props',
    },
    {
      in: /^components\/state\//,
      may: /^(components\/state|core)\//,
      hint: 'state draws nothing: move the drawing to views',
    },
    {
      in: /^components\/views\//,
      may: /^(components|core)\//,
      hint: "views get the server's data through components/state",
    },
    { in: /^app\//, may: /^(app|components)\//, hint: 'routes are thin: put it in components' },
    {
      in: /^server\/agent\//,
      may: /^(server\/(agent|sources|stdio|timing)|core|native)\b/,
      hint: 'the agent has kernel privileges: it imports only what it needs',
    },
    {
      in: /^server\//,
      may: /^(server(?!\/agent)|core)\b/,
      hint: 'only server/agent imports native, and nothing imports the agent: speak to it through sources',
    },
    { in: /^native\//, may: /^(native|core)\//, hint: "the addon's façade knows core only" },
    {
      in: /^lab\/scenarios\/(expressions|wiring|probes)\//,
      may: /^(lab\/scenarios|core|server\/sources)\//,
      not: /^(?!node:)/,
      hint: 'these folders drive an agent over the source protocol; they need nothing else of the inside',
    },
    {
      in: /^lab\/scenarios\/shared\.ts$/,
      may: /^(lab\/scenarios|core|server\/cli)\//,
      not: /^(?!node:)/,
      hint: "this file runs the command line's code on an agent; it needs nothing else of the inside",
    },
    {
      in: /^lab\/scenarios\/page\.ts$/,
      may: /^(lab\/scenarios|core)\//,
      not: /^(?!node:|socket\.io-client$)/,
      hint: 'this file speaks with the server as a page does; it needs nothing else of the inside',
    },
    {
      in: /^lab\//,
      may: /^lab\//,
      not: /^(?!node:|vitest)/,
      hint: 'the lab stands alone: use the command line',
    },
  ];
  const complaints = [];
  for (const file of tracked.filter((name) => /\.(ts|tsx)$/.test(name))) {
    const rule = rules.find((candidate) => candidate.in.test(file));
    if (!rule) continue;
    const isTest = /\.test\.tsx?$|\/test\//.test(file);
    for (const match of read(file).matchAll(IMPORTS)) {
      const specifier = match[1] ?? match[2] ?? match[3] ?? '';
      const isOwn = specifier.startsWith('.');
      const target = isOwn ? normalize(join(file, '..', specifier)) : specifier;
      const isWrong = isOwn ? !rule.may.test(target) : !isTest && rule.not?.test(target);
      if (isWrong) complaints.push(`${file} imports ${specifier}: ${rule.hint}`);
    }
  }
  return complaints;
}

function lockfile() {
  const lock = JSON.parse(read('package-lock.json'));
  const manifest = JSON.parse(read('package.json'));
  const complaints = [];
  if (existsSync('.npmrc') && /registry\s*=\s*\S*:\/\//.test(read('.npmrc')))
    complaints.push('.npmrc names a registry: that is for each machine to say');
  for (const [name, range] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }))
    if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range))
      complaints.push(`package.json: ${name} must have an exact version, not ${range}`);
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (entry.resolved && /^https?:/.test(entry.resolved))
      complaints.push(`${path} names a registry host: ${entry.resolved}`);
    for (const name of Object.keys(entry.optionalDependencies ?? {})) {
      const places = [`${path}/node_modules/${name}`, `node_modules/${name}`];
      if (!places.some((place) => lock.packages[place]))
        complaints.push(`${path} wants ${name}, which has no entry: \`npm ci\` would fail elsewhere`);
    }
  }
  return complaints;
}

function tree() {
  const complaints = [];
  const listed = execFileSync('git', ['ls-files'], { encoding: 'utf8' }).split('\n');
  for (const file of listed)
    if (/(^|\/)(node_modules|dist|\.next|build)\/|\.(o|node|deb|tsbuildinfo)$|vmlinu[xz]/.test(file))
      complaints.push(`${file} is build output or a download: do not commit it`);
  for (const file of tracked.filter((name) => !/\.(png|bin|ico)$|package-lock\.json$/.test(name))) {
    const found = /(?:^|[\s"'`(=])(\/(?:root|work|home)\/[\w.-]+)/m.exec(read(file));
    if (found && file !== 'scripts/check.mjs')
      complaints.push(`${file} names a place of one machine: ${found[1]}`);
  }
  return complaints;
}
