import type { FunctionInfo } from '../../core/messages/source.ts';
import { stageOf } from '../../core/model/stages.ts';
import { Client } from './client.ts';
import { parseFlags } from './options.ts';
import { PROBE_FLAGS, parseProbes, resolveProbes } from './probes.ts';

/**
 * `skbtracer functions`: what can be probed on this kernel; with the flags of a plan, what would be, by stage. Resolves
 * to the exit status.
 */
export async function functions(words: readonly string[]): Promise<number> {
  const { values } = parseFlags(words, {
    ...PROBE_FLAGS,
    json: { type: 'boolean' },
    source: { type: 'string' },
    kernel: { type: 'string' },
  });
  const isPlanned = Object.keys(PROBE_FLAGS).some((flag) => flag in values);
  const plan = parseProbes(values);
  const source = values.source === 'lab' ? 'lab' : 'host';
  const client = new Client(
    { source, kernel: values.kernel ?? '6.12' },
    { batch: () => undefined, gone: () => undefined },
  );
  try {
    await client.introduction();
    await client.tables();
    const all = [...client.names.functions.values()];
    const print = values.json === true ? printJson : printLine;
    if (!isPlanned) {
      for (const one of all) print(one);
      if (values.json !== true)
        console.error(
          `${all.length} functions; * marks the ${all.filter((f) => f.isDefault).length} of the default group`,
        );
      return 0;
    }
    const { stages } = resolveProbes(plan, all);
    for (const { ids } of stages)
      for (const id of ids) {
        const one = client.names.functions.get(id);
        if (one !== undefined) print(one);
      }
    if (values.json !== true)
      console.error(
        `${stages.reduce((sum, { ids }) => sum + ids.length, 0)} of ${all.length} functions: ${stages.map(({ stage, ids }) => `${ids.length} ${stage}`).join(', ')}`,
      );
    return 0;
  } finally {
    await client.source.close();
  }
}

const printJson = (one: FunctionInfo): void =>
  console.log(JSON.stringify({ ...one, stage: stageOf(one.name) }));

const printLine = ({ name, module, isDefault }: FunctionInfo): void =>
  console.log(
    `${isDefault ? '*' : ' '} ${stageOf(name).padEnd(10)} ${name}${module === '' ? '' : ` [${module}]`}`,
  );
