import { parse } from '../../core/base/schema.ts';
import {
  DEFAULT_SPEC,
  type FunctionInfo,
  type Price,
  type ProbePlan,
  priceSchema,
} from '../../core/messages/source.ts';
import { DEFAULT_PLAN, planOf, planText } from '../../core/model/probes/plan.ts';
import { priceText } from '../../core/model/probes/price.ts';
import { stageOf } from '../../core/model/stages.ts';
import { Client } from './client.ts';
import { FUNCTIONS_FLAGS, PROBE_FLAGS } from './flags.ts';
import { parseFlags } from './options.ts';
import { findOthers, parseProbes, resolveProbes } from './probes.ts';
import { NO_PACKET } from './resolve.ts';
import { failure } from './usage.ts';

/**
 * `skbtracer functions`: what can be probed on this kernel; with the flags of a plan, what would be, by stage; with
 * `--price`, what that would cost. Resolves to the exit status.
 */
export async function functions(words: readonly string[]): Promise<number> {
  const { values } = parseFlags(words, FUNCTIONS_FLAGS);
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
    await findOthers(client, plan);
    const all = [...client.names.functions.values()];
    const print = values.json === true ? printJson : printLine;
    if (!isPlanned && values.price !== true) {
      for (const one of all) print(one);
      if (values.json !== true)
        console.error(
          `${all.length} functions; * marks the ${all.filter((f) => f.isDefault).length} of the default group`,
        );
      return 0;
    }
    const { stages } = resolveProbes(plan, all);
    if (values.price === true) {
      const price = await measurePrice(client, plan, new Set(stages.flatMap(({ ids }) => ids)));
      console.log(values.json === true ? JSON.stringify(price) : priceText(planText(plan), price));
      return 0;
    }
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

/** With a capture of nothing, on one function that is not in the plan, if there is one. */
async function measurePrice(client: Client, plan: ProbePlan, ids: ReadonlySet<number>): Promise<Price> {
  const all = [...client.names.functions.values()];
  const other = all.find(({ id }) => !ids.has(id)) ?? all.at(-1);
  const probes = { ...planOf('none'), add: { ...DEFAULT_PLAN.add, functions: [other?.name ?? ''] } };
  const filter = { ...DEFAULT_SPEC.filter, expression: NO_PACKET };
  const applied = await client.source.request({ method: 'apply', spec: { ...DEFAULT_SPEC, filter, probes } });
  if (!applied.ok) throw failure(applied.error.message);
  const priced = await client.source.request({ method: 'price', probes: plan });
  if (!priced.ok) throw failure(priced.error.message);
  return parse(priceSchema, priced.value);
}

const printJson = (one: FunctionInfo): void =>
  console.log(JSON.stringify({ ...one, stage: stageOf(one.name, one.module) }));

const printLine = ({ name, module, isDefault }: FunctionInfo): void =>
  console.log(
    `${isDefault ? '*' : ' '} ${stageOf(name, module).padEnd(10)} ${name}${module === '' ? '' : ` [${module}]`}`,
  );
