/** What soak.ts measures and soak-main.ts reads. */

/** As it was at one moment of the load. Memory in bytes. */
export interface SoakSample {
  readonly minute: number;
  /** Anonymous memory of the process. */
  readonly agent: number;
  readonly server: number;
  /** What the kernel says that eBPF maps take, all together. */
  readonly maps: number;
  /** Of the whole machine: slab, vmalloc and per-CPU memory, what maps and programs take included. */
  readonly kernel: number;
  readonly mapCount: number;
  readonly programs: number;
  readonly links: number;
  /** Open in the agent. */
  readonly descriptors: number;
  /** Since the capture began. */
  readonly events: number;
  readonly packets: number;
  readonly lost: number;
  /** Packets that are followed at that moment. */
  readonly tracked: number;
  /** How often other functions were probed by then, and the filter was exchanged. */
  readonly switches: number;
  readonly exchanges: number;
}
