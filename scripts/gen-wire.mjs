/**
 * Makes core/wire/layout.gen.ts, native/src/wire_asserts.gen.h and core/wire/golden/records.bin out of
 * bpf/wire.h, by way of the BTF that clang writes for bpf/wire_anchors.c.
 *
 *   node scripts/gen-wire.mjs           write them
 *   node scripts/gen-wire.mjs --check   compare them with what is there; exit 1 when they differ
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const at = (path) => join(root, path);
const MARK = 'Generated from bpf/wire.h by scripts/gen-wire.mjs; do not edit.';

const scratch = mkdtempSync(join(tmpdir(), 'skbtracer-wire-'));
try {
  const { enums, structs } = readTypes();
  const header = Buffer.from(asserts(enums, structs));
  const outputs = [
    ['core/wire/layout.gen.ts', Buffer.from(typescript(enums, structs))],
    ['native/src/wire_asserts.gen.h', header],
    ['core/wire/golden/records.bin', golden(header)],
  ];
  if (process.argv.includes('--check')) check(outputs);
  else write(outputs);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Enums and structs of ours, in the order of wire.h. */
function readTypes() {
  const object = join(scratch, 'anchors.o');
  const multiarch = execFileSync('cc', ['-print-multiarch'], { encoding: 'utf8' }).trim();
  run('clang', [
    '-g', '-O2', '-target', 'bpf', '-Wall', '-Wextra', '-Werror', '-Wpadded', `-I/usr/include/${multiarch}`,
    '-c', at('bpf/wire_anchors.c'), '-o', object,
  ]); // biome-ignore format: an argument list
  const bpftool = run('bash', ['-c', `. "$0" && find_bpftool`, at('scripts/lib.sh')]).trim();
  const { types } = JSON.parse(run(bpftool, ['-j', 'btf', 'dump', 'file', object]));
  const byId = new Map(types.map((type) => [type.id, type]));
  const ours = types.filter((type) => type.name.startsWith('skbt_'));
  return {
    enums: ours.filter((type) => type.kind === 'ENUM'),
    structs: ours
      .filter((type) => type.kind === 'STRUCT')
      .map((type) => ({ ...type, members: type.members.map((member) => describeMember(member, byId)) })),
  };
}

/** Bytes of a member, and whether it is an array of bytes or of characters. */
function describeMember(member, byId) {
  let type = byId.get(member.type_id);
  while (type.kind === 'TYPEDEF') type = byId.get(type.type_id);
  if (type.kind !== 'ARRAY') return { ...member, offset: member.bits_offset / 8, size: type.size };
  return { ...member, offset: member.bits_offset / 8, size: type.nr_elems };
}

function typescript(enums, structs) {
  const lines = [
    `// ${MARK}`,
    '/** Byte offsets in the records (little-endian), and their enums. What each means stands in bpf/wire.h. */',
  ];
  for (const type of enums) {
    const prefix = commonPrefix(type);
    lines.push('', `export const ${constant(type.name)} = {`);
    for (const { name, val } of type.values) lines.push(`  ${camel(name.slice(prefix.length))}: ${val},`);
    lines.push('} as const;');
  }
  for (const type of structs) {
    lines.push('', `export const ${constant(type.name)} = {`, `  size: ${type.size},`);
    const plain = type.members.filter(
      (member) => member.name !== 'header' && !member.name.startsWith('reserved'),
    );
    for (const member of plain) lines.push(`  ${camel(fieldName(member))}: ${member.offset},`);
    lines.push('} as const;');
  }
  return `${lines.join('\n')}\n`;
}

/** The header's own `size` must not hide the struct's. */
function fieldName(member) {
  return member.name === 'size' ? 'record_size' : member.name;
}

/** The part of every name up to the enum's own: SKBT_SECTION_ of SKBT_SECTION_DEV. */
function commonPrefix(type) {
  const own = `${type.name.toUpperCase()}_`;
  if (type.values.every(({ name }) => name.startsWith(own))) return own;
  // enum skbt_l4_kind has SKBT_L4_…, enum skbt_limits SKBT_…
  const shorter = own.replace(/_[A-Z0-9]+_$/, '_');
  return type.values.every(({ name }) => name.startsWith(shorter)) ? shorter : 'SKBT_';
}

function constant(name) {
  return name.slice('skbt_'.length).toUpperCase();
}

function camel(name) {
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
}

function asserts(enums, structs) {
  const lines = [
    `// ${MARK}`,
    '// What TypeScript was told of the records is what this compiler makes of them.',
    '#pragma once',
    '',
    '#include <cstddef>',
    '',
  ];
  for (const type of enums)
    for (const { name, val } of type.values) lines.push(`static_assert(${name} == ${val});`);
  for (const type of structs) {
    lines.push('', `static_assert(sizeof(${type.name}) == ${type.size});`);
    for (const member of type.members)
      lines.push(`static_assert(offsetof(${type.name}, ${member.name}) == ${member.offset});`);
  }
  return `${lines.join('\n')}\n`;
}

/** Records with known values, written by C++ that includes wire.h and the asserts. */
function golden(header) {
  writeFileSync(join(scratch, 'wire_asserts.gen.h'), header);
  const program = join(scratch, 'golden');
  run('c++', [
    '-std=c++20', '-Wall', '-Wextra', '-Werror', `-I${at('bpf')}`, `-I${scratch}`,
    at('native/test/golden.cc'), '-o', program,
  ]); // biome-ignore format: an argument list
  return execFileSync(program);
}

function write(outputs) {
  for (const [path, content] of outputs) {
    mkdirSync(join(at(path), '..'), { recursive: true });
    writeFileSync(at(path), content);
  }
}

function check(outputs) {
  const stale = outputs.filter(
    ([path, content]) => !existsSync(at(path)) || !readFileSync(at(path)).equals(content),
  );
  for (const [path] of stale)
    console.error(`${path} does not match bpf/wire.h: run \`node scripts/gen-wire.mjs\``);
  if (stale.length > 0) process.exitCode = 1;
}

function run(command, args) {
  try {
    return execFileSync(command, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 26,
    });
  } catch (error) {
    throw new Error(`${command}: ${error.stderr || error.message}`);
  }
}
