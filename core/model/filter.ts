/**
 * The form (and the command line's -H -P --proto --icmpid) as a pcap expression, and back. The expression is what
 * runs; the form is a view of it, for those that it can show.
 */
import { fail, ok, type Result } from '../base/result.ts';

export const PROTOCOLS = ['any', 'tcp', 'udp', 'icmp', 'icmp6', 'sctp', 'arp'] as const;

/** As the user wrote it; '' where nothing is asked for. */
export interface FilterForm {
  /** One of {@link PROTOCOLS}, or an IP protocol number. */
  readonly protocol: string;
  /** IPv4 or IPv6 address, source or destination. */
  readonly host: string;
  /** TCP or UDP, source or destination. With a port, no other protocol matches. */
  readonly port: string;
  /** Echo id of ICMP and ICMPv6, as ping shows it. */
  readonly icmpId: string;
}

export const EMPTY_FORM: FilterForm = { protocol: '', host: '', port: '', icmpId: '' };

/** Echo requests and replies: where an id is. */
const ECHO_ID = {
  icmp: (id: number) =>
    `((icmp[icmptype] = icmp-echo or icmp[icmptype] = icmp-echoreply) and icmp[4:2] = ${id})`,
  icmp6: (id: number) =>
    `((icmp6[icmp6type] = icmp6-echo or icmp6[icmp6type] = icmp6-echoreply) and icmp6[4:2] = ${id})`,
} as const;

/** The pcap expression of a form; '' matches everything. Fails with the field's name in the code. */
export function formToExpression(form: FilterForm): Result<string> {
  const parts: string[] = [];
  const protocol = form.protocol.trim().toLowerCase();
  const port = form.port.trim();
  const icmpId = form.icmpId.trim();
  const host = form.host.trim();
  if (protocol !== '' && protocol !== 'any') {
    const number = wholeNumber(protocol, 255);
    const isWord = PROTOCOLS.some((word) => word === protocol);
    if (!isWord && number === undefined)
      return fail(
        'BAD_PROTOCOL',
        `there is no protocol '${form.protocol}': ${PROTOCOLS.join(', ')}, or a number to 255`,
      );
    parts.push(isWord ? protocol : `(ip proto ${number} or ip6 proto ${number})`);
  }
  if (host !== '') {
    const address = parseAddress(host);
    if (address === undefined)
      return fail('BAD_HOST', `'${form.host}' is no IPv4 or IPv6 address (10.1.0.3, fd00:1::3)`);
    parts.push(`host ${address}`);
  }
  if (port !== '') {
    const number = wholeNumber(port, 65535);
    if (number === undefined || number === 0)
      return fail('BAD_PORT', `'${form.port}' is no port: give a number from 1 to 65535`);
    if (!['', 'any', 'tcp', 'udp', 'sctp'].includes(protocol))
      return fail('BAD_PORT', `${protocol} has no ports: leave the protocol or the port out`);
    parts.push(
      protocol === '' || protocol === 'any' ? `(tcp port ${number} or udp port ${number})` : `port ${number}`,
    );
  }
  if (icmpId !== '') {
    const number = wholeNumber(icmpId, 65535);
    if (number === undefined)
      return fail('BAD_ICMP_ID', `'${form.icmpId}' is no ICMP id: give a number to 65535`);
    if (!['', 'any', 'icmp', 'icmp6'].includes(protocol))
      return fail('BAD_ICMP_ID', `${protocol} has no ICMP id: leave the protocol or the id out`);
    if (port !== '') return fail('BAD_ICMP_ID', 'a packet has a port or an ICMP id, not both: leave one out');
    if (protocol === 'icmp' || protocol === 'icmp6') parts.push(ECHO_ID[protocol](number));
    else parts.push(`(${ECHO_ID.icmp(number)} or ${ECHO_ID.icmp6(number)})`);
  }
  return ok(parts.join(' and '));
}

/** The form that shows an expression, undefined when the expression says more than the form can. */
export function expressionToForm(expression: string): FilterForm | undefined {
  let rest = expression.trim().replace(/\s+/g, ' ');
  const form = { ...EMPTY_FORM };
  const id = /(?:^| and )(\(?\(\(icmp6?\[.*\) and icmp6?\[4:2\] = (\d+)\)\)?)$/.exec(rest);
  if (id?.[2] !== undefined) {
    form.icmpId = id[2];
    rest = rest.slice(0, id.index);
  }
  for (const part of rest === '' ? [] : rest.split(' and ')) {
    const protocol = PROTOCOLS.find((word) => word === part && word !== 'any');
    const host = /^host (\S+)$/.exec(part)?.[1];
    const port = /^(?:port|\(tcp port \d+ or udp port) (\d+)\)?$/.exec(part)?.[1];
    const number = /^\(ip proto (\d+) or ip6 proto \d+\)$/.exec(part)?.[1];
    if (form.protocol === '' && (protocol ?? number) !== undefined) form.protocol = protocol ?? number ?? '';
    else if (form.host === '' && host !== undefined) form.host = host;
    else if (form.port === '' && port !== undefined) form.port = port;
    else return undefined;
  }
  // what the form would make of it must be what it came from
  const again = formToExpression(form);
  return again.ok && again.value === expression.trim().replace(/\s+/g, ' ') ? form : undefined;
}

/** Both must hold; either may be empty. */
export function joinExpressions(a: string, b: string): string {
  const [left, right] = [a.trim(), b.trim()];
  if (left === '' || right === '') return left || right;
  const wrap = (text: string) => (/\bor\b|\|\|/.test(text) ? `(${text})` : text);
  return `${wrap(left)} and ${wrap(right)}`;
}

/** Canonical text of an IPv4 or IPv6 address, undefined when it is none. */
export function parseAddress(text: string): string | undefined {
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (v4 !== null)
    return v4.slice(1).every((part) => Number(part) <= 255) ? v4.slice(1).map(Number).join('.') : undefined;
  if (!/^[0-9a-f:]+(\d+\.\d+\.\d+\.\d+)?$/i.test(text) || !text.includes(':')) return undefined;
  // an embedded IPv4 address stands for two groups
  const groups = text.replace(/\d+\.\d+\.\d+\.\d+$/, (quad) =>
    parseAddress(quad) === undefined ? 'x' : '0:0',
  );
  const halves = groups.split('::');
  if (halves.length > 2) return undefined;
  const parts = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const count = parts.length;
  if (!parts.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return undefined;
  return (halves.length === 2 ? count <= 7 : count === 8) ? text.toLowerCase() : undefined;
}

/** A number written in digits, from 0 to `max`. */
function wholeNumber(text: string, max: number): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const number = Number(text);
  return number <= max ? number : undefined;
}
