/** SEAM to the NameBook that knows stacks and cgroups: until it does, a stack is a number and a cgroup an inode. */
import type { KernelAddress } from '../../../core/base/units.ts';
import type { NameBook } from '../../../core/model/names.ts';

interface MoreNames {
  stack?(id: number): readonly KernelAddress[] | undefined;
  cgroup?(id: number): string | undefined;
}

/** Frames of a kernel stack in words, innermost first; undefined when nobody told what the id stands for. */
export const stackFrames = (id: number, names: NameBook & MoreNames): readonly string[] | undefined =>
  names.stack?.(id)?.map((address) => names.locationName(address));

/** Path of a cgroup, its inode when it has no name. */
export const cgroupName = (id: number, names: NameBook & MoreNames): string =>
  names.cgroup?.(id) ?? String(id);
