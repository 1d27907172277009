/** What the kernel's numbers are called, as a source told. One reading of the tables for all who print. */
import type { FuncId, KernelAddress, NetnsInode } from '../base/units.ts';
import type { NameTables, SymbolInfo } from '../messages/browser.ts';
import type { CgroupInfo, FunctionInfo, NetnsInfo } from '../messages/source.ts';
import type { Topology } from '../messages/topology.ts';
import type { StackTrace } from './hop.ts';
import { PathBook } from './path-book.ts';
import { OFFSET_UNTOLD } from './untold.ts';

const GONE_MAX = 1024;
const NO_ADDRESS = '0'.repeat(16);
/** The tracer's programs, what the kernel calls programs with, and the helper that they call one another with. */
const TRACER = /^(bpf_prog_[0-9a-f]+_skbt_|bpf_trampoline_|bpf_trace_run\d|bpf_strncmp\b)/;
const functionIn = (frame: string): string => frame.replace(/\+.*/, '');

export class NameBook {
  #functions = new Map<number, FunctionInfo>();
  #namespaces = new Map<number, NetnsInfo>();
  /** Names of those that are gone: packets that were in them are still told about. */
  readonly #gone = new Map<number, string>();
  #interfaces = new Map<string, string>();
  #reasons = new Map<number, string>();
  readonly #told = { functions: false, reasons: false };
  #cgroups = new Map<number, CgroupInfo>();
  #topology: Topology | undefined;
  /** The paths that rows are on. */
  readonly paths = new PathBook();
  readonly #symbols = new Map<string, SymbolInfo>();
  readonly #stacks = new Map<number, StackTrace>();

  /** Takes in tables: each that is present replaces the one before, symbols and stacks add to what is known. */
  take(tables: NameTables): void {
    if (tables.functions) this.#told.functions = true;
    if (tables.reasons) this.#told.reasons = true;
    if (tables.functions) this.#functions = new Map(tables.functions.map((f) => [f.id, f]));
    if (tables.reasons) this.#reasons = new Map(tables.reasons.map((r) => [r.value, r.name]));
    if (tables.symbols) for (const symbol of tables.symbols) this.#symbols.set(symbol.address, symbol);
    if (tables.stacks) for (const stack of tables.stacks) this.#stacks.set(stack.id, stack);
    if (tables.cgroups) this.#cgroups = new Map(tables.cgroups.map((c) => [c.id, c]));
    if (tables.paths) this.paths.take(tables.paths);
    if (tables.topology) this.#topology = tables.topology;
    if (!tables.namespaces) return;
    this.#remember(tables.namespaces);
    this.#namespaces = new Map(tables.namespaces.map((n) => [n.inode, n]));
    this.#interfaces = new Map(
      tables.namespaces.flatMap((n) => n.interfaces.map((i) => [`${n.inode}/${i.ifindex}`, i.name] as const)),
    );
  }

  function(id: FuncId): FunctionInfo | undefined {
    return this.#functions.get(id);
  }

  /** Function name, `func 12` when the table lacks it. */
  functionName(id: FuncId): string {
    return this.#functions.get(id)?.name ?? `func ${id}`;
  }

  get functions(): ReadonlyMap<number, FunctionInfo> {
    return this.#functions;
  }

  /** How many were told, none included; undefined as long as the table was not. */
  get counts(): { readonly functions: number | undefined; readonly reasons: number | undefined } {
    return {
      functions: this.#told.functions ? this.#functions.size : undefined,
      reasons: this.#told.reasons ? this.#reasons.size : undefined,
    };
  }

  get namespaces(): ReadonlyMap<number, NetnsInfo> {
    return this.#namespaces;
  }

  /** How the namespaces are wired; undefined when the source has not told (yet). */
  get topology(): Topology | undefined {
    return this.#topology;
  }

  /** `web`, `host`, also when it is gone; `netns 4026532281` when it has no name, `unknown` for inode 0. */
  netnsName(inode: NetnsInode): string {
    return inode === 0
      ? 'unknown'
      : (this.#namespaces.get(inode)?.name ?? this.#gone.get(inode) ?? `netns ${inode}`);
  }

  /** Interface name, `if7` when the table lacks it, '' for ifindex 0. */
  interfaceName(inode: NetnsInode, ifindex: number): string {
    return ifindex === 0 ? '' : (this.#interfaces.get(`${inode}/${ifindex}`) ?? `if${ifindex}`);
  }

  /** As the kernel writes it without the prefix: `NETFILTER_DROP`; `reason 77` when the table lacks it. */
  reasonName(reason: number): string {
    return this.#reasons.get(reason) ?? `reason ${reason}`;
  }

  /** Drop reasons of the running kernel. */
  get reasons(): readonly { readonly value: number; readonly name: string }[] {
    return [...this.#reasons].map(([value, name]) => ({ value, name }));
  }

  symbol(address: KernelAddress): SymbolInfo | undefined {
    return this.#symbols.get(address);
  }

  /** `nf_hook_slow+0xa5`, with ` [module]`; `0x…` when the address has no name, `unknown` when none was told. */
  locationName(address: KernelAddress): string {
    const symbol = this.#symbols.get(address);
    if (address === NO_ADDRESS) return 'unknown';
    if (!symbol) return `0x${address}`;
    const offset = symbol.offset === OFFSET_UNTOLD ? '' : `+0x${symbol.offset.toString(16)}`;
    return `${symbol.name}${offset}${symbol.module ? ` [${symbol.module}]` : ''}`;
  }

  /** What a stack id of this capture stands for; undefined when it was not told. */
  stack(id: number): StackTrace | undefined {
    return this.#stacks.get(id);
  }

  /**
   * Its frames, innermost first, as {@link locationName} writes them, without those of the tracer; none when the id
   * was not told.
   */
  stackFrames(id: number): readonly string[] {
    const frames: string[] = [];
    let isBehindOurs = false;
    for (const address of this.#stacks.get(id)?.addresses ?? []) {
      const frame = this.locationName(address);
      const isOurs = TRACER.test(frame);
      // a trampoline is called by the function that it is for, which then stands there twice
      const isTwice = isBehindOurs && functionIn(frame) === functionIn(frames.at(-1) ?? '');
      if (!isOurs && !isTwice) frames.push(frame);
      isBehindOurs = isOurs;
    }
    return frames;
  }

  /** The control group of a socket's owner. */
  cgroup(id: number): CgroupInfo | undefined {
    return this.#cgroups.get(id);
  }

  #remember(present: readonly NetnsInfo[]): void {
    for (const { inode } of present) this.#gone.delete(inode);
    const inodes = new Set<number>(present.map(({ inode }) => inode));
    for (const [inode, { name }] of this.#namespaces) if (!inodes.has(inode)) this.#gone.set(inode, name);
    for (const oldest of this.#gone.keys()) {
      if (this.#gone.size <= GONE_MAX) break;
      this.#gone.delete(oldest);
    }
  }
}
