/** Stations and bars: the interfaces within the regions, each with its name, first address and drops. */
import { type Selection, select } from 'd3';
import { nodeName } from './graph.ts';
import type { MapLayout } from './layout.ts';
import { BAR_HEIGHT, type Spot } from './size.ts';

const NAME_PX = 6.9;
const ADDRESS_PX = 6.1;

type Pick = (key: string, droppedOnly: boolean) => void;

export function drawDetail(world: Selection<SVGGElement, unknown, null, undefined>, { spots }: MapLayout, pick: Pick): void {
  const all = [...spots.values()];
  draw(world, 'stations', all.filter(({ side }) => side !== 'bar'), pick);
  draw(world, 'bars', all.filter(({ side }) => side === 'bar'), pick);
} // biome-ignore format: pairs

function draw(
  world: Selection<SVGGElement, unknown, null, undefined>,
  name: 'stations' | 'bars',
  spots: readonly Spot[],
  pick: Pick,
): void {
  const isBar = name === 'bars';
  const groups = world
    .select<SVGGElement>(`g.${name}`)
    .selectAll<SVGGElement, Spot>('g.node')
    .data([...spots], ({ node }) => node.key)
    .join((enter) => {
      const group = enter.append('g').attr('role', 'option');
      group.append('rect').attr('class', 'target');
      group.append(isBar ? 'rect' : 'circle').attr('class', 'mark');
      group.append('text').attr('class', 'name');
      group.append('text').attr('class', 'address');
      const drops = group.append('g').attr('class', 'drops none');
      drops.append('rect').attr('height', 15).attr('rx', 3);
      drops.append('path').attr('d', 'M5,4.5 11,10.5M11,4.5 5,10.5');
      drops.append('text').attr('x', 14).attr('y', 11.5);
      drops.on('click', (event: Event, { node }: Spot) => {
        event.stopPropagation();
        pick(node.key, true);
      });
      return group.on('click', (_, { node }) => pick(node.key, false));
    });
  groups
    .attr('id', ({ node }) => `map-${node.key}`.replaceAll(/[ /]/g, '-'))
    .attr(
      'class',
      ({ node: { link }, side, room }) =>
        `node ${side} ${link.kind}${link.isUp && link.hasCarrier ? '' : ' down'}${room === 0 ? ' narrow' : ''}`,
    )
    .attr('aria-label', ({ node }) => `${node.link.kind} ${nodeName(node)}${node.link.isUp ? '' : ', down'}`)
    .attr('transform', ({ x, y }) => `translate(${x},${y})`)
    .each(function (spot) {
      const group = select(this);
      if (isBar) drawBar(group, spot);
      else drawStation(group, spot);
    });
}

type Group = Selection<SVGGElement, unknown, null, undefined>;

function drawBar(group: Group, { node: { link }, width, room }: Spot): void {
  const box = (name: string, grow: number) =>
    group.select(name).attr('x', -grow).attr('y', -BAR_HEIGHT / 2 - grow).attr('width', width + 2 * grow).attr('height', BAR_HEIGHT + 2 * grow).attr('rx', 5);
  box('rect.target', 3);
  box('rect.mark', 0);
  const letters = Math.floor((room - 20 - link.name.length * NAME_PX) / ADDRESS_PX);
  // at the right end, where no port is: a packet's way along the bar leaves its name readable
  const about = letters < 5 ? '' : clip(aboutOf(link), letters);
  const name = width - 16 - about.length * ADDRESS_PX;
  group.select('text.name').attr('x', name).attr('y', 4).attr('text-anchor', 'end').text(link.name);
  group.select('text.address').attr('x', width - 9).attr('y', 4).attr('text-anchor', 'end').text(about);
  group.select('g.drops').attr('transform', `translate(${name - link.name.length * NAME_PX - 44},-7.5)`);
} // biome-ignore format: chains

function drawStation(group: Group, { node: { link }, room, side }: Spot): void {
  group.select('rect.target').attr('x', -9).attr('y', -12).attr('width', Math.max(18, room + 22)).attr('height', 32).attr('rx', 4);
  group.select('circle').attr('r', side === 'inner' ? 4 : 5);
  group.select('text.name').attr('x', 11).attr('y', 2).text(room === 0 ? link.name : clip(link.name, Math.floor(room / NAME_PX)));
  group.select('text.address').attr('x', 11).attr('y', 15).text(room === 0 ? '' : clip(aboutOf(link), Math.floor(room / ADDRESS_PX)));
  const shown = Math.min(link.name.length, Math.max(1, Math.floor(room / NAME_PX)));
  group.select('g.drops').attr('transform', room === 0 ? 'translate(-10,8)' : `translate(${15 + shown * NAME_PX},-9)`);
} // biome-ignore format: chains

/** The one address that people know it by; a tunnel's or VLAN's number; else what it is. */
function aboutOf({ addresses, kind, tag, remote }: Spot['node']['link']): string {
  const known =
    addresses.find((one) => !one.includes(':')) ?? addresses.find((one) => !one.startsWith('fe80:'));
  const what = tag === '' ? '' : `${kind} ${tag}`;
  if (what !== '')
    return known === undefined ? `${what}${remote === '' ? '' : ` → ${remote}`}` : `${what}, ${known}`;
  return known ?? (kind === 'veth' || kind === 'physical' ? '' : kind);
}

const clip = (text: string, letters: number): string =>
  text.length > letters ? `${text.slice(0, Math.max(1, letters - 1))}…` : text;
