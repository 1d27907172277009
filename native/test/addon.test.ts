/** The addon where it has no privileges or no tracing kernel: everything is refused in words, nothing crashes. */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { describe, expect, it } from 'vitest';
import { parse } from '../../core/base/schema.ts';
import { capabilitiesSchema, DEFAULT_SPEC } from '../../core/messages/source.ts';
import { loadAddon, NativeError } from '../index.ts';

const addon = loadAddon();
const { filter } = DEFAULT_SPEC;
const options = { ...DEFAULT_SPEC, parts: [[1]], ringBytes: 1 << 20, trackedPackets: 1024 };

async function refusal(promise: Promise<unknown>): Promise<NativeError> {
  const error: unknown = await promise.then(
    () => new Error('it was not refused'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof NativeError)) throw error;
  return error;
}

describe('capabilities', () => {
  it('says of each what was found, or why it is missing', async () => {
    const found = parse(capabilitiesSchema, await addon.capabilities());
    for (const [name, capability] of Object.entries(found))
      expect(capability?.detail ?? '', name).not.toBe('');
  });
});

describe('what is known of the kernel', () => {
  const key = addon.kernelKey();

  it('has a key that stays while modules do, and names boot and kernel', () => {
    expect(addon.kernelKey()).toBe(key);
    expect(key).toContain(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
    expect(key).toContain(release());
  });

  it('is sealed, and taken out whole or not at all', () => {
    const bytes = Buffer.from('known');
    const sealed = addon.seal(key, bytes);
    expect(addon.unseal(key, sealed)).toEqual(bytes);
    expect(addon.unseal(`${key} `, sealed)).toBeUndefined();
    expect(addon.unseal(key, sealed.subarray(1))).toBeUndefined();
    expect(addon.unseal(key, Buffer.alloc(0))).toBeUndefined();
    expect(addon.unseal(key, addon.seal(key, Buffer.alloc(0)))).toEqual(Buffer.alloc(0));
  });

  it('is not taken over out of bytes that are something else', () => {
    expect(addon.takeOverKnown(Buffer.alloc(0))).toBe(false);
    expect(addon.takeOverKnown(Buffer.alloc(4096))).toBe(false);
    expect(addon.takeOverKnown(Buffer.alloc(4096, 0xff))).toBe(false);
    expect(addon.takeOverKnown(Buffer.from('\x04\0\0\0key '.repeat(99)))).toBe(false);
  });
});

describe('compileFilter', () => {
  it('translates for packets with and without a MAC header', async () => {
    const compiled = await addon.compileFilter('tcp port 80 and host 10.1.0.3');
    expect(compiled.expression).toBe('tcp port 80 and host 10.1.0.3');
    expect(compiled.instructions.l2).toBeGreaterThan(10);
    expect(compiled.instructions.l3).toBeGreaterThan(10);
  });

  it('makes nothing of an empty expression', async () => {
    expect((await addon.compileFilter('')).instructions).toEqual({ l2: 0, l3: 0 });
  });

  it.each([
    ['tcp prot 80', 4],
    ['host 10.1.0.3 andd port 1', 14],
    ['tcp and (udp', 12],
  ])('says where %j goes wrong', async (expression, position) => {
    const error = await refusal(addon.compileFilter(expression));
    expect(error.code).toBe('FILTER_SYNTAX');
    expect(error.message).not.toBe('');
    expect(error.position).toBe(position);
  });

  it.each([
    ['host 1.2.3.4.5.6', 'FILTER_SYNTAX'],
    ['ether host nonsense', 'FILTER_SYNTAX'],
    [`tcp${'\0'}udp`, 'FILTER_SYNTAX'],
    ['ether[400:4] = 7', 'FILTER_UNSUPPORTED'],
    ['ip protochain 6', 'FILTER_UNSUPPORTED'],
    ['tcp and udp', 'FILTER_MATCHES_NOTHING'],
  ])('refuses %j', async (expression, code) => {
    expect((await refusal(addon.compileFilter(expression))).code).toBe(code);
  });

  it('takes many at once from many callers', async () => {
    const compiled = await Promise.all(
      Array.from({ length: 64 }, (_, i) => addon.compileFilter(`port ${i + 1}`)),
    );
    expect(compiled.map((one) => one.expression)).toEqual(compiled.map((_, i) => `port ${i + 1}`));
  });
});

describe('a tracer', () => {
  it.each([
    ['a ring that is no power of two', { ...options, ringBytes: 5000 }],
    ['a ring below a page', { ...options, ringBytes: 1024 }],
    ['no function', { ...options, parts: [] }],
    ['a function id of 0', { ...options, parts: [[0]] }],
    ['no room for packets', { ...options, trackedPackets: 0 }],
    ['an interface name that is too long', { ...options, filter: { ...filter, interface: 'x'.repeat(16) } }],
  ])('refuses %s before it touches the kernel', async (_, bad) => {
    const error = await refusal(addon.createTracer().start(bad, () => undefined));
    expect(error.code).toBe('BAD_OPTIONS');
  });

  it('refuses a filter that does not compile', async () => {
    const bad = { ...options, filter: { ...filter, expression: 'tcp prot 80' } };
    const error = await refusal(addon.createTracer().start(bad, () => undefined));
    expect(error.code).toBe('FILTER_SYNTAX');
  });

  it('has nothing to update before it runs, and stops without having run', async () => {
    const tracer = addon.createTracer();
    expect((await refusal(tracer.update(filter))).code).toBe('NOT_RUNNING');
    await tracer.stop();
    expect(tracer.stats().events).toBe(0);
  });

  it('measures no cost before it runs', async () => {
    const tracer = addon.createTracer();
    expect((await refusal(tracer.cost())).code).toBe('NOT_RUNNING');
    tracer.endCost();
  });
});
