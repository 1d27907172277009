/** Where a number of the comparison leads: the packets in their recording. */
import { locationTerm } from '../../../core/model/display/place-terms.ts';
import { quote } from '../../../core/model/display/tokens.ts';
import type { Place as TimePlace } from '../../../core/model/latency/places.ts';
import type { VerdictName } from '../../../core/model/packet.ts';
import { type Place, placeQuery } from '../../state/place.ts';
import { pageOf } from '../../state/recordings.ts';

const EMPTY: Place = { view: 'packets', packet: 0, session: '', filter: '', range: null, parts: {} };

const link = (name: string, place: Partial<Place>): string =>
  `${pageOf(name)}${placeQuery({ ...EMPTY, ...place })}`;

export const verdictLink = (name: string, verdict: VerdictName): string =>
  link(name, { filter: `verdict == ${verdict.toLowerCase()}` });

export const causeLink = (name: string, cause: { readonly reason: string; readonly func: string }): string =>
  link(name, { filter: `dropped and reason == ${quote(cause.reason)} and ${locationTerm(cause.func)}` });

export const pathLink = (name: string, id: number): string =>
  link(name, { view: 'paths', parts: { path: id.toString(36) } });

export const timeLink = (name: string, place: TimePlace): string =>
  link(name, { view: 'latency', parts: { series: place } });

interface Service {
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
}

/** Both directions; of a protocol without ports, all with the address. */
export const serviceLink = (name: string, { protocol, address, port }: Service): string =>
  link(name, {
    filter: [
      `proto == ${quote(protocol.toLowerCase())}`,
      `addr == ${address}`,
      ...(port === 0 ? [] : [`port == ${port}`]),
    ].join(' and '),
  });
