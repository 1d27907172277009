/** What tracing needs of this host beside what the addon finds by trying: lists and addresses that must be readable. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { Capability } from '../../core/messages/source.ts';
import { isHeld } from '../../core/model/doctor/mask.ts';
import { namesIn, textOf } from './files.ts';

/** Wherever it is mounted; native/src/functions.cc reads the first that is there. */
const TRACEFS = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'];
const FUNCTION_LIST = 'available_filter_functions';
/** Of /proc/kallsyms: some thousand symbols, of which not all are at address 0 unless all are hidden. */
const SYMBOLS_BYTES = 1 << 16;

/** Where the host's files are. A seam for tests. */
export interface HostFiles {
  /** The first bytes of a file; an errno's name when it cannot be read. */
  begin(path: string, bytes: number): { readonly text: string } | { readonly error: string };
  names(folder: string): readonly string[];
}

/** As `Capabilities` has them, found by reading. */
export function readHost(
  privileges: string | undefined,
  files: HostFiles = HOST,
): Readonly<Record<'tracefs' | 'symbols' | 'modules', Capability>> {
  return { tracefs: tracefs(files), symbols: symbols(files, privileges), modules: modules(files) };
}

/** This process's effective capabilities, as `hello` has them. */
export function readPrivileges(status: string = textOf('/proc/self/status')): string | undefined {
  return /^CapEff:\s*([0-9a-f]{1,16})$/m.exec(status)?.[1];
}

function tracefs({ begin, names }: HostFiles): Capability {
  const errors: string[] = [];
  for (const folder of TRACEFS) {
    const read = begin(`${folder}/${FUNCTION_LIST}`, 1);
    if ('text' in read) return { ok: true, detail: `${FUNCTION_LIST} can be read` };
    errors.push(read.error);
  }
  const denied = errors.find((error) => error === 'EACCES' || error === 'EPERM');
  if (denied !== undefined)
    return { ok: false, detail: `tracefs cannot be read: ${denied} for ${TRACEFS[0]}/${FUNCTION_LIST}` };
  return TRACEFS.some((folder) => names(folder).length > 0)
    ? { ok: false, detail: `tracefs has no ${FUNCTION_LIST}: this kernel has no CONFIG_DYNAMIC_FTRACE` }
    : {
        ok: false,
        detail: `tracefs is not mounted: there is no ${TRACEFS[0]}/${FUNCTION_LIST}; mount -t tracefs tracefs ${TRACEFS[0]}`,
      };
}

function symbols({ begin }: HostFiles, privileges: string | undefined): Capability {
  const read = begin('/proc/kallsyms', SYMBOLS_BYTES);
  if ('error' in read) return { ok: false, detail: `/proc/kallsyms cannot be read: ${read.error}` };
  if (/^0*[1-9a-f][0-9a-f]* /m.test(read.text)) return { ok: true, detail: 'addresses are shown' };
  return {
    ok: false,
    detail: `the kernel hides its addresses: ${isHeld(privileges, 'CAP_SYSLOG') ? 'sysctl kernel.kptr_restrict is 2' : 'CAP_SYSLOG is missing'}`,
  };
}

function modules({ begin, names }: HostFiles): Capability {
  const loaded = begin('/proc/modules', 1);
  const typed = names('/sys/kernel/btf').filter((name) => name !== 'vmlinux').length;
  if (typed > 0) return { ok: true, detail: `BTF of ${typed} modules` };
  const hasModules = 'text' in loaded && loaded.text !== '';
  return hasModules
    ? { ok: false, detail: 'no module has BTF: it is without CONFIG_DEBUG_INFO_BTF_MODULES' }
    : { ok: true, detail: 'no module is loaded' };
}

const HOST: HostFiles = {
  begin(path, bytes) {
    try {
      const file = openSync(path, 'r');
      try {
        const buffer = Buffer.alloc(bytes);
        return { text: buffer.toString('latin1', 0, readSync(file, buffer)) };
      } finally {
        closeSync(file);
      }
    } catch (error) {
      return { error: errorName(error) };
    }
  },
  names: namesIn,
};

const errorName = (error: unknown): string => {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : String(error);
};
