import { FRAME_HEADER_BYTES, FRAME_TYPE } from '../../core/messages/frames.ts';
import type { SourceMessage } from '../../core/messages/source.ts';
import type { World } from './blocks.ts';

/** Functions that records are at. */
const FUNCTIONS = 200;

/** What a recorded capture's source said, without its batches. */
export function messages(recorded: Buffer): SourceMessage[] {
  const found: SourceMessage[] = [];
  for (let at = 0; at < recorded.length; at += 4 + recorded.readUInt32LE(at)) {
    const end = at + 4 + recorded.readUInt32LE(at);
    if (recorded[at + 4] === FRAME_TYPE.message)
      found.push(JSON.parse(recorded.toString('utf8', at + FRAME_HEADER_BYTES, end)) as SourceMessage);
  }
  return found;
}

/** The names that generated records speak of. */
export function worldOf(said: readonly SourceMessage[]): World {
  const functions = said.flatMap((message) => (message.type === 'functions' ? message.functions : []));
  const namespaces = said.flatMap((message) => (message.type === 'namespaces' ? message.namespaces : []));
  const reasons = said.flatMap((message) => (message.type === 'reasons' ? message.reasons : []));
  return {
    functions: functions.filter(({ isDefault }) => isDefault).slice(0, FUNCTIONS).map(({ id }) => id),
    places: namespaces
      .slice(0, 4)
      .flatMap(({ inode, interfaces }) =>
        interfaces.slice(0, 1).map(({ ifindex }) => ({ netns: inode, ifindex })),
      ),
    dropReason: reasons.find(({ name }) => name === 'NETFILTER_DROP')?.value ?? 2,
  };
} // biome-ignore format: a chain
