'use client';

import { useMemo } from 'react';
import { Group, Panel } from 'react-resizable-panels';
import { type DoctorFacts, examine, type Finding } from '../../../core/model/doctor/index.ts';
import { formatCount } from '../../../core/model/format.ts';
import { CAUSE_TEXTS } from '../../../core/model/losses/causes.ts';
import type { LossSeries, LossTimeline } from '../../../core/model/losses/history.ts';
import { type Programs, useHealth, usePrograms } from '../../state/health.ts';
import { useNames } from '../../state/names.ts';
import { packets } from '../../state/packets/store.ts';
import { usePanes } from '../../state/panes.ts';
import { recordingOf, useIsLive, useSession } from '../../state/session.ts';
import { Divider } from '../../ui/Divider.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { useWide } from '../../ui/useMedia.ts';
import { FindingsPane } from './FindingsPane.tsx';
import { LossesPane } from './LossesPane.tsx';
import { FindingMark } from './marks.tsx';
import { ProbesPane } from './ProbesPane.tsx';
import { SelfTestPane } from './SelfTestPane.tsx';
import { SourcePane } from './SourcePane.tsx';

const REST = 'Losses, findings, self-test and source';
const NO_FINDINGS: readonly Finding[] = [];

/** Whether what the other views show can be trusted: probes, losses, the source, and what the kernel allows. */
export function HealthView() {
  const { report, failure } = useHealth();
  const programs = usePrograms();
  const findings = useFindings(programs);
  const shedRows = useSession((state) => state.stats?.shedRows ?? 0);
  const imported = useSession(({ snapshot }) => recordingOf(snapshot)?.hello.imported);
  const isLive = useIsLive();
  const isWide = useWide();
  const panes = usePanes('health', 'horizontal', ['health-probes', 'health-rest']);
  const probes =
    imported === undefined ? (
      <ProbesPane programs={programs} />
    ) : (
      <Notice title="Probes are not told">
        The capture of {imported.tool} has the hops, and not which functions were probed. Those that packets
        passed are in Paths.
      </Notice>
    );
  const rest = (
    <div className="divide-y divide-line-strong">
      {failure !== undefined && (
        <p role="alert" className="px-3 py-2 text-xs text-dropped">
          The server did not say how it is doing: {failure.message}
        </p>
      )}
      <LossesPane
        report={report?.losses}
        tool={imported?.tool}
        forgottenRows={packets.forgotten}
        shedRows={shedRows}
      />
      {imported === undefined && <FindingsPane findings={findings} untold={untoldText(programs)} />}
      {isLive && <SelfTestPane />}
      <SourcePane />
    </div>
  );
  return (
    <div className="flex h-full min-h-0 flex-col bg-surface">
      <Verdict findings={findings} losses={report?.losses} />
      {isWide ? (
        <Group {...panes} className="min-h-0 flex-1">
          <Panel id="health-probes" minSize="30%" defaultSize="56%">
            {probes}
          </Panel>
          <Divider label="Width of the probes" />
          <Panel id="health-rest" minSize="25%" defaultSize="44%">
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled with the keyboard from here */}
            <div tabIndex={0} role="group" aria-label={REST} className="h-full overflow-y-auto outline-offset-[-2px]">
              {rest}
            </div>
          </Panel>
        </Group>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled with the keyboard from here
        <div tabIndex={0} role="group" aria-label={REST} className="min-h-0 flex-1 overflow-y-auto outline-offset-[-2px]">
          {rest}
          <div className="h-[34rem] border-t border-line-strong">
            {probes}
          </div>
        </div>
      )}
    </div>
  ); // biome-ignore format: short
}

/** Of the connected source; none without one. */
function useFindings(programs: Programs): readonly Finding[] {
  const { book, version } = useNames();
  const source = useSession((state) => state.snapshot?.source);
  const capture = useSession((state) => state.snapshot?.capture);
  return useMemo(() => {
    // the version stands for the names
    if (version === 0 || source?.phase !== 'connected' || capture === undefined) return NO_FINDINGS;
    // its kernel did not let us see, but another tool
    if (source.hello.imported !== undefined) return NO_FINDINGS;
    const { counts } = book;
    const { capabilities, privileges, kernel, architecture } = source.hello;
    const facts: DoctorFacts = {
      capabilities,
      privileges,
      kernel,
      architecture,
      functions:
        counts.functions === undefined
          ? undefined
          : [...book.functions.values()].filter(({ isGone }) => isGone !== true),
      reasons: counts.reasons,
      capture,
      programs: programs.phase === 'told' ? programs.programs : undefined,
    };
    return examine(facts);
  }, [book, version, source, capture, programs]);
}

const untoldText = (programs: Programs): string =>
  programs.phase === 'failed'
    ? `Socket lookups, source validation, hooks, nftables, iptables and conntrack were not looked at: ${programs.failure.message}.`
    : '';

/** `Lost: 1,277 events, 30 packets`: what is counted alike together. */
export function lossesText(series: readonly LossSeries[]): string {
  const totals = new Map<string, number>();
  for (const { cause, total } of series) {
    const { unit } = CAUSE_TEXTS[cause];
    totals.set(unit, (totals.get(unit) ?? 0) + total);
  }
  return totals.size === 0
    ? 'Nothing was lost'
    : `Lost: ${[...totals].map(([unit, count]) => `${formatCount(count)} ${unit}`).join(', ')}`;
}

/** The whole view in a line, for whoever has no time. */
function Verdict({
  findings,
  losses,
}: {
  readonly findings: readonly Finding[];
  readonly losses: LossTimeline | undefined;
}) {
  const capture = useSession((state) => state.snapshot?.capture);
  const imported = useSession(({ snapshot }) => recordingOf(snapshot)?.hello.imported);
  const attached = useIsLive() ? 'attached' : 'were attached';
  const missing = findings.filter(({ state }) => state === 'missing').length;
  const limited = findings.filter(({ state }) => state === 'limited').length;
  const lost = losses?.series.filter(({ cause }) => CAUSE_TEXTS[cause].isLoss) ?? [];
  return (
    <div
      role="status"
      aria-live="off"
      aria-label="Health at a glance"
      className="flex min-h-8 shrink-0 flex-wrap items-center gap-x-4 gap-y-0.5 border-b border-line px-3 py-1 text-xs"
    >
      {capture?.phase === 'running' ? (
        <FindingMark
          state={capture.refused.length === 0 ? 'ok' : 'limited'}
          label={`${formatCount(capture.attached)} probes ${attached}`}
        />
      ) : imported !== undefined ? (
        <FindingMark state="limited" label={`Captured by ${imported.tool}, which does not tell its probes and losses`} />
      ) : (
        <FindingMark state="limited" label="No capture runs" />
      )}
      {losses !== undefined && losses.fromUnixMs > 0 && (
        <FindingMark
          state={lost.length === 0 ? 'ok' : 'limited'}
          label={lossesText(lost)}
        />
      )}
      {missing > 0 && (
        <FindingMark state="missing" label={`${missing} ${missing === 1 ? 'thing is' : 'things are'} missing`} />
      )}
      {limited > 0 && (
        <FindingMark state="limited" label={`${limited} ${limited === 1 ? 'limit' : 'limits'} to what is seen`} />
      )}
      {findings.length > 0 && missing + limited === 0 && (
        <FindingMark state="ok" label="The kernel allows all of it" />
      )}
    </div>
  ); // biome-ignore format: short
}
