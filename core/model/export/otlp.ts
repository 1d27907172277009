/**
 * OpenTelemetry spans, as the collector's file receiver reads them (OTLP/JSON, one request a line): a trace for each packet with
 * those that came out of it, a span for its life, in it one for each place that it was at, with its hops as events.
 */
import { stateEndpoints } from '../format.ts';
import type { Free, Hop, Lineage } from '../hop.ts';
import { relationName } from '../kernel-names.ts';
import { packetText } from '../story/words.ts';
import { deviceOf } from './device.ts';
import type { ExportContext, Exporter } from './exporter.ts';
import { unixNs } from './time.ts';

/** Packets that have not ended; beyond that the one that began first is written as it is. */
const OPEN_MAX = 1 << 14;
/** Which trace a packet is in, for those that come out of it. */
const TRACES_MAX = 1 << 18;
/** Of a span; a longer stay says how many it leaves out. */
const EVENTS_MAX = 1000;

const SPAN_KIND_INTERNAL = 1;
const STATUS_ERROR = 2;

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string };
}

interface SpanEvent {
  readonly timeUnixNano: string;
  readonly name: string;
  readonly attributes: readonly Attribute[];
}

interface Visit {
  readonly key: string;
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly firstNs: number;
  lastNs: number;
  readonly events: SpanEvent[];
  dropped: number;
}

interface Life {
  readonly traceId: string;
  /** Span of the packet that it came out of; '' for none. */
  readonly parentId: string;
  readonly relation: string;
  readonly visits: Visit[];
  last: Hop | undefined;
  /** The last hop at which it was known what it is. */
  named: Hop | undefined;
  error: string;
}

const newLife = (traceId: string, parentId: string, relation: string): Life => ({
  traceId,
  parentId,
  relation,
  visits: [],
  last: undefined,
  named: undefined,
  error: '',
});

const text = (key: string, value: string): Attribute => ({ key, value: { stringValue: value } });
const whole = (key: string, value: number): Attribute => ({ key, value: { intValue: String(value) } });

/** 8 bytes that are never all 0: of the packet itself, or of its n-th stay. */
const spanId = (packet: number, visit = 0): string =>
  packet.toString(16).padStart(11, '0').slice(-11) + visit.toString(16).padStart(5, '0').slice(-5);

export const otlpExporter = (context: ExportContext): Exporter => new OtlpExporter(context);

class OtlpExporter implements Exporter {
  readonly #context: ExportContext;
  readonly #open = new Map<number, Life>();
  readonly #traces = new Map<number, string>();

  constructor(context: ExportContext) {
    this.#context = context;
  }

  begin(): readonly string[] {
    return [];
  }

  lineage({ packet, parent, relation }: Lineage): readonly string[] {
    if (packet === parent || this.#open.has(packet)) return [];
    return this.#begin(packet, newLife(this.#traceOf(parent), spanId(parent), relationName(relation)));
  }

  hop(hop: Hop): readonly string[] {
    const { packet } = hop;
    const known = this.#open.get(packet);
    const begun = known === undefined ? this.#begin(packet, newLife(this.#traceOf(packet), '', '')) : [];
    const life = known ?? this.#open.get(packet);
    if (life !== undefined) this.#visit(life, hop);
    return begun;
  }

  free({ packet, timeNs }: Free): readonly string[] {
    const life = this.#open.get(packet);
    this.#open.delete(packet);
    return life === undefined ? [] : this.#lines(packet, life, timeNs);
  }

  end(): readonly string[] {
    const lines = [...this.#open].flatMap(([packet, life]) =>
      this.#lines(packet, life, life.last?.timeNs ?? 0),
    );
    this.#open.clear();
    return lines;
  }

  /** What had to be written to make room. */
  #begin(packet: number, life: Life): readonly string[] {
    const written: string[] = [];
    if (this.#open.size >= OPEN_MAX) {
      const [oldest] = this.#open;
      if (oldest !== undefined) {
        this.#open.delete(oldest[0]);
        written.push(...this.#lines(oldest[0], oldest[1], oldest[1].last?.timeNs ?? 0));
      }
    }
    this.#open.set(packet, life);
    if (this.#traces.size >= TRACES_MAX) this.#traces.clear();
    this.#traces.set(packet, life.traceId);
    return written;
  }

  /** 16 bytes: the capture, and the first packet of the family. */
  #traceOf(packet: number): string {
    const known = this.#traces.get(packet);
    if (known !== undefined) return known;
    const capture = Math.floor(this.#context.baseUnixMs).toString(16).padStart(16, '0').slice(-16);
    return capture + packet.toString(16).padStart(16, '0');
  }

  #visit(life: Life, hop: Hop): void {
    const { names } = this.#context;
    life.last = hop;
    if (hop.state.ip !== undefined) life.named = hop;
    const key = `${hop.netns} ${hop.ifindex}`;
    let visit = life.visits.at(-1);
    if (visit?.key !== key) {
      const netns = hop.netns === 0 ? 'no namespace' : names.netnsName(hop.netns);
      const device = deviceOf(hop, names);
      visit = {
        key,
        name: device === '' ? netns : `${netns} ${device}`,
        attributes: [
          text('skbtracer.netns', netns),
          ...(device === '' ? [] : [text('skbtracer.interface', device)]),
        ],
        firstNs: hop.timeNs,
        lastNs: hop.timeNs,
        events: [],
        dropped: 0,
      };
      life.visits.push(visit);
    }
    visit.lastNs = Math.max(visit.lastNs, hop.timeNs);
    if (hop.kind === 'drop')
      life.error = `dropped ${names.reasonName(hop.reason)} in ${names.locationName(hop.location)}`;
    if (visit.events.length >= EVENTS_MAX) {
      visit.dropped += 1;
      return;
    }
    visit.events.push({
      timeUnixNano: this.#time(hop.timeNs),
      name: hop.kind === 'hop' ? names.functionName(hop.func) : life.error,
      attributes: [
        whole('skbtracer.cpu', hop.cpu),
        ...hop.changes.map(({ field, before, after }) =>
          text(`skbtracer.changed.${field}`, `${before} -> ${after}`),
        ),
      ],
    });
  }

  #lines(packet: number, life: Life, endNs: number): readonly string[] {
    const { last, visits, traceId, parentId, relation, error } = life;
    const [first] = visits;
    if (last === undefined || first === undefined) return [];
    const { os, application } = this.#context;
    const { state } = life.named ?? last;
    const { source, destination } = stateEndpoints(state);
    const ends = Math.max(endNs, last.timeNs);
    const status = error === '' ? {} : { status: { code: STATUS_ERROR, message: error } };
    const spans = [
      {
        traceId,
        spanId: spanId(packet),
        ...(parentId !== '' && { parentSpanId: parentId }),
        name: packetText(state),
        kind: SPAN_KIND_INTERNAL,
        startTimeUnixNano: this.#time(first.firstNs),
        endTimeUnixNano: this.#time(ends),
        attributes: [
          whole('skbtracer.packet', packet),
          ...(relation === '' ? [] : [text('skbtracer.relation', relation)]),
          ...(source === ''
            ? []
            : [text('source.address', source), text('destination.address', destination)]),
        ],
        ...status,
      },
      ...visits.map((visit, i) => ({
        traceId,
        spanId: spanId(packet, i + 1),
        parentSpanId: spanId(packet),
        name: visit.name,
        kind: SPAN_KIND_INTERNAL,
        startTimeUnixNano: this.#time(visit.firstNs),
        endTimeUnixNano: this.#time(visits[i + 1]?.firstNs ?? Math.max(ends, visit.lastNs)),
        attributes: visit.attributes,
        events: visit.events,
        ...(visit.dropped > 0 && { droppedEventsCount: visit.dropped }),
      })),
    ];
    const request = {
      resourceSpans: [
        {
          resource: { attributes: [text('service.name', 'linux-network'), text('os.description', os)] },
          scopeSpans: [{ scope: { name: application }, spans }],
        },
      ],
    };
    return [`${JSON.stringify(request)}\n`];
  }

  #time = (timeNs: number): string => String(unixNs(this.#context.baseUnixMs, timeNs));
}
