'use client';

import { Play, SlidersHorizontal, Square } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Failure } from '../../../core/base/result.ts';
import { type CaptureSpec, type CaptureState, DASHBOARD_SPEC } from '../../../core/messages/source.ts';
import { PROTOCOLS } from '../../../core/model/filter.ts';
import { choiceOf, FOLLOW_CHOICES, followAs, tailText } from '../../../core/model/follow.ts';
import { isPlain, planOf, planText } from '../../../core/model/probes/plan.ts';
import { commands } from '../../state/commands.ts';
import {
  adoptSpec,
  draftAsked,
  draftRefused,
  draftSpec,
  type FieldProblem,
  innerProblem,
  sayProblem,
  useDraft,
  writeDraft,
  writeExpression,
  writeForm,
  writeInner,
} from '../../state/draft.ts';
import { useNames } from '../../state/names.ts';
import { useSession } from '../../state/session.ts';
import { requestApply, requestCompile, requestStop } from '../../state/socket.ts';
import { Button } from '../../ui/Button.tsx';
import { cn } from '../../ui/cn.ts';
import { SelectField, TextField } from '../../ui/Field.tsx';
import { ExpressionField } from './ExpressionField.tsx';
import { placeText } from './place.ts';

/** Compiled a little after the last key. */
const COMPILE_AFTER_MS = 250;
/** Probes that are not just a group of those that have a name. */
const CHOSEN = 'chosen';

/** Which packets are captured: a form and an expression, two views of the same. */
export function FilterBar() {
  const draft = useDraft();
  const { book } = useNames();
  const capture = useSession((state) => state.snapshot?.capture);
  const field = useRef<HTMLInputElement>(null);
  const [isBusy, setBusy] = useState(false);
  const [isFormOpen, setFormOpen] = useState(false);
  const [problem, setProblem] = useState<FieldProblem | null>(null);
  const running = capture?.phase === 'running' ? capture.spec : undefined;

  useAdopted(running);
  useCompiled(draft.expression);
  useInnerCompiled(draft.inner);

  const turn = useRef(0);
  const apply = useCallback(async () => {
    const asked = useDraft.getState();
    turn.current += 1;
    const own = turn.current;
    // its own fault is said at its own field, not at the expression's
    const fault = await compileInner(asked.inner);
    if (own !== turn.current) return; // asked for something else meanwhile
    const spec = draftSpec({ ...asked, innerProblem: fault }, running ?? DASHBOARD_SPEC);
    setProblem('field' in spec ? spec : null);
    if ('field' in spec) return;
    draftAsked(asked);
    setBusy(true);
    const result = await requestApply(spec);
    if (own !== turn.current) return;
    setBusy(false);
    if (result.ok) field.current?.blur();
    else draftRefused(asked, result.error);
  }, [running]);

  useEffect(
    () =>
      commands.register([
        { id: 'filter.focus', title: 'Write a filter', group: 'Filter', keys: [{ key: '/' }], run: () => field.current?.select() },
        { id: 'filter.apply', title: 'Apply the filter', group: 'Filter', keys: [{ key: 'Enter', mod: true, inFields: true }], run: () => void apply() },
      ]), // biome-ignore format: a table
    [apply],
  );

  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    void apply();
  };
  const form = draft.form;
  const followed = choiceOf(draft.follow);
  const formText = (name: 'host' | 'port' | 'icmpId') => form?.[name] ?? '';
  const formProblem = (code: string) =>
    problem?.field === 'form' && draft.formProblem?.code === code ? draft.formProblem.message : undefined;
  const fieldProblem = (name: FieldProblem['field']) =>
    problem?.field === name ? problem.message : undefined;
  const isNumber =
    form !== undefined && form.protocol !== '' && !PROTOCOLS.some((word) => word === form.protocol);
  // a phone shows the fields when they are asked for, or when one of them is wrong
  const isFormShown = isFormOpen || problem !== null;
  return (
    <section aria-label="Filter" className="border-b border-line bg-raised px-2 py-1.5">
      <form onSubmit={submit} className="flex flex-col gap-1.5">
        <div className="flex items-center gap-2">
          <img src="/icon.svg" alt="" width={18} height={18} className="shrink-0" />
          <ExpressionField
            inputRef={field}
            value={draft.expression}
            problem={draft.problem}
            onValue={writeExpression}
            onSubmit={() => undefined}
          />
          <Button type="submit" look="primary" aria-busy={isBusy} title="Enter">
            {isBusy ? 'Applying …' : 'Apply'}
          </Button>
          <CaptureButton capture={capture} onStart={apply} />
          <Button
            look="quiet"
            square
            className="sm:hidden"
            aria-label="Fields of the filter"
            aria-expanded={isFormShown}
            onClick={() => setFormOpen(!isFormShown)}
          >
            <SlidersHorizontal size={15} aria-hidden />
          </Button>
        </div>
        <div className={cn('flex flex-wrap items-center gap-1.5 pl-[26px]', !isFormShown && 'max-sm:hidden')}>
          <SelectField
            label="Protocol"
            className="w-[8rem]"
            value={form?.protocol ?? ''}
            onValue={(protocol) => writeForm({ protocol })}
            options={[
              { value: '', label: form === undefined ? 'custom' : 'any' },
              ...PROTOCOLS.filter((word) => word !== 'any').map((word) => ({
                value: word,
                label: word.toUpperCase(),
              })),
              ...(isNumber ? [{ value: form.protocol, label: form.protocol }] : []),
            ]}
          />
          <TextField
            label="Host"
            className="w-[7.2rem]"
            value={formText('host')}
            problem={formProblem('BAD_HOST')}
            onValue={(host) => writeForm({ host })}
          />
          <TextField
            label="Port"
            className="w-[4.4rem]"
            inputMode="numeric"
            value={formText('port')}
            problem={formProblem('BAD_PORT')}
            onValue={(port) => writeForm({ port })}
          />
          <TextField
            label="ICMP id"
            className="w-[5rem]"
            inputMode="numeric"
            value={formText('icmpId')}
            problem={formProblem('BAD_ICMP_ID')}
            onValue={(icmpId) => writeForm({ icmpId })}
          />
          <SelectField
            label="Namespace"
            className="w-[8rem]"
            value={draft.netns}
            onValue={(netns) => writeDraft({ netns })}
            options={[
              { value: '', label: 'any' },
              ...[...book.namespaces.values()].map(({ inode, name }) => ({
                value: String(inode),
                label: name,
              })),
            ]}
          />
          <TextField
            label="Interface"
            className="w-[6rem]"
            value={draft.interface}
            problem={fieldProblem('interface')}
            onValue={(name) => writeDraft({ interface: name })}
          />
          <TextField
            label="Mark"
            className="w-[5.2rem]"
            value={draft.mark}
            problem={fieldProblem('mark')}
            onValue={(mark) => writeDraft({ mark })}
          />
          <TextField
            label="Pid"
            className="w-[4rem]"
            inputMode="numeric"
            value={draft.pid}
            problem={fieldProblem('pid')}
            onValue={(pid) => writeDraft({ pid })}
          />
          <TextField
            label="Inner"
            className="w-[6.4rem] max-w-72 grow"
            title="pcap expression that must hold for what a tunnel carries (VXLAN, GENEVE, GRE, IPIP)"
            value={draft.inner}
            problem={
              draft.innerProblem &&
              `${draft.innerProblem.message}${placeText(draft.inner, draft.innerProblem)}`
            }
            onValue={writeInner}
          />
          <SelectField
            label="Probes"
            className="w-[8.4rem]"
            title={`${planText(draft.probes)}. Waypoints: about 100 functions. All: every function that takes an skb. Stages and modules are chosen in Health.`}
            value={isPlain(draft.probes) ? draft.probes.base : CHOSEN}
            onValue={(value) => {
              if (value === 'default' || value === 'all') writeDraft({ probes: planOf(value) });
            }}
            options={[
              { value: 'default', label: planText(planOf('default')) },
              { value: 'all', label: planText(planOf('all')) },
              ...(isPlain(draft.probes) ? [] : [{ value: CHOSEN, label: 'as chosen' }]),
            ]}
          />
          <SelectField
            label="Tell"
            className="w-[10.4rem]"
            title="All, for life: once a packet matched, its whole life, also after NAT changed it. Drops …: each is followed for life in the kernel, and told at its end if it was dropped or is one of those; this costs least."
            value={followed ?? CHOSEN}
            onValue={(value) => {
              const choice = FOLLOW_CHOICES.find((one) => one.value === value);
              if (choice) writeDraft({ follow: followAs(choice.value) });
            }}
            options={[
              ...FOLLOW_CHOICES,
              ...(draft.follow.tail === undefined || followed !== undefined
                ? []
                : [{ value: CHOSEN, label: tailText(draft.follow.tail) }]),
            ]}
          />
        </div>
      </form>
    </section>
  );
}

function CaptureButton({
  capture,
  onStart,
}: {
  readonly capture: CaptureState | undefined;
  readonly onStart: () => void;
}) {
  const isOn = capture?.phase === 'running' || capture?.phase === 'starting';
  return (
    <Button onClick={() => (isOn ? void requestStop() : onStart())} disabled={capture === undefined}>
      {isOn ? <Square size={11} aria-hidden /> : <Play size={11} aria-hidden />}
      {isOn ? 'Stop' : 'Start'}
    </Button>
  );
}

/** What runs is what the bar shows, until the person writes something else. */
function useAdopted(running: CaptureSpec | undefined): void {
  const text = running === undefined ? '' : JSON.stringify(running);
  useEffect(() => {
    if (text !== '') adoptSpec(JSON.parse(text));
  }, [text]);
}

/** Says what is wrong with the expression while it is being written. */
function useCompiled(expression: string): void {
  useEffect(() => {
    if (expression.trim() === '') return;
    const timer = setTimeout(async () => {
      const result = await requestCompile(expression);
      if (useDraft.getState().expression !== expression) return;
      if (result.ok) sayProblem({ problem: undefined });
      else if (result.error.code.startsWith('FILTER_')) sayProblem({ problem: result.error });
    }, COMPILE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [expression]);
}

/** The same for what a tunnel carries. */
function useInnerCompiled(inner: string): void {
  useEffect(() => {
    const timer = setTimeout(() => void compileInner(inner), COMPILE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [inner]);
}

/** What is wrong with it, undefined when nothing is or when it cannot be told. */
async function compileInner(inner: string): Promise<Failure | undefined> {
  if (inner.trim() === '') return undefined;
  const found = innerProblem(await requestCompile(inner));
  if (useDraft.getState().inner === inner) sayProblem({ innerProblem: found });
  return found;
}
