// The stages as a graph: FROM edges solid, COPY --from dashed, what the target does not need in a lighter ink.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Plan, PlanStage } from '../engine/types.ts';
import { nameText } from '../lib/names.tsx';
import { stageName as stageTitle } from './names.ts';

const CHAR = 7.55;
const HEIGHT = 42;
const ROW = 76;
const PAD = 10;
const MIN_GAP = 34;

interface Node {
  id: string;
  title: string;
  sub: string;
  column: number;
  kind: 'external' | 'stage' | 'target';
  reachable: boolean;
  line?: number;
  x: number;
  y: number;
  width: number;
}

interface Edge {
  from: Node;
  to: Node;
  copy: boolean;
  reachable: boolean;
}

const short = (text: string, most: number) => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);


const linesOf = (from: number, to: number) => (from === to ? `line ${from}` : `lines ${from}-${to}`);

function layout(plan: Plan, room: number): { nodes: Node[]; edges: Edge[]; width: number; height: number } {
  const depth = new Map<number, number>();
  const parents = (stage: PlanStage) => [...new Set([...(stage.base.kind === 'stage' && stage.base.stage !== undefined ? [stage.base.stage] : []), ...stage.deps])].filter((index) => index < stage.index);
  // Implicit stages are no columns of their own, and come after those of the file.
  for (const stage of plan.stages) depth.set(stage.index, stage.implicit ? 0 : Math.max(0, ...parents(stage).map((index) => depth.get(index) ?? 0)) + 1);

  const nodes: Node[] = [];
  const externals = new Map<string, Node>();
  const stages = new Map<number, Node>();
  const add = (node: Omit<Node, 'x' | 'y' | 'width'>): Node => {
    const made = { ...node, x: 0, y: 0, width: Math.max(78, Math.ceil(Math.max(node.title.length * CHAR, node.sub.length * 7.25)) + PAD * 2) };
    nodes.push(made);
    return made;
  };
  for (const stage of plan.stages) {
    // A cache mount reads an empty stage that nobody wrote: not drawn.
    if (stage.base.kind === 'stage' || (stage.implicit && stage.base.kind === 'scratch')) continue;
    const name = stage.base.kind === 'scratch' ? 'scratch' : nameText(stage.base.reference ?? '?');
    const known = externals.get(name);
    if (known) known.reachable ||= stage.reachable;
    else externals.set(name, add({ id: `base-${externals.size}`, title: short(name, 17), sub: stage.base.kind === 'scratch' ? 'empty' : stage.base.kind === 'context' ? 'named context' : 'base image', column: 0, kind: 'external', reachable: stage.reachable }));
  }
  for (const stage of plan.stages) {
    const isTarget = stage.index === plan.target;
    if (stage.implicit) {
      const external = externals.get(nameText(stage.base.reference ?? '?'));
      if (external) stages.set(stage.index, external);
      continue;
    }
    stages.set(
      stage.index,
      add({
        id: `stage-${stage.index}`,
        title: short(stageTitle(stage), 17),
        sub: isTarget ? `target, ${stage.line === stage.endLine ? stage.line : `${stage.line}-${stage.endLine}`}` : linesOf(stage.line, stage.endLine),
        column: depth.get(stage.index) ?? 1,
        kind: isTarget ? 'target' : 'stage',
        reachable: stage.reachable,
        line: stage.line,
      }),
    );
  }
  const edges: Edge[] = [];
  for (const stage of plan.stages) {
    const to = stages.get(stage.index);
    if (!to || stage.implicit) continue;
    const base = stage.base.kind === 'stage' ? stages.get(stage.base.stage ?? -1) : externals.get(stage.base.kind === 'scratch' ? 'scratch' : nameText(stage.base.reference ?? '?'));
    if (base) edges.push({ from: base, to, copy: false, reachable: stage.reachable });
    for (const index of new Set(stage.deps)) {
      const from = stages.get(index);
      if (from && index !== stage.index && !(stage.base.kind === 'stage' && stage.base.stage === index)) edges.push({ from, to, copy: true, reachable: stage.reachable });
    }
  }

  const columns: Node[][] = [];
  for (const node of nodes) (columns[node.column] ??= []).push(node);
  const widths = columns.map((column) => Math.max(...(column ?? []).map((node) => node.width)));
  const content = widths.reduce((sum, width) => sum + width, 0) + 4;
  const gaps = columns.length - 1;
  const gap = gaps > 0 ? Math.max(MIN_GAP, Math.min(96, (room - content) / gaps)) : 0;
  const tallest = Math.max(...columns.map((column) => column?.length ?? 0));
  const height = tallest * ROW - (ROW - HEIGHT) + 10;
  let x = 2;
  columns.forEach((column, i) => {
    const top = (height - (column.length * ROW - (ROW - HEIGHT))) / 2;
    column.forEach((node, row) => {
      node.x = x;
      node.width = widths[i] ?? node.width;
      node.y = top + row * ROW;
    });
    x += (widths[i] ?? 0) + gap;
  });
  return { nodes, edges, width: Math.max(x - gap + 2, 40), height };
}

export function StageGraph({ plan, onLine }: { plan: Plan; onLine(line: number): void }) {
  const box = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState(600);
  useLayoutEffect(() => {
    if (!box.current) return;
    const watch = new ResizeObserver(([entry]) => entry && setRoom(Math.floor(entry.contentRect.width)));
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  const { nodes, edges, width, height } = layout(plan, room);
  const into = new Map<Node, Edge[]>();
  const outOf = new Map<Node, Edge[]>();
  for (const edge of edges) {
    into.set(edge.to, [...(into.get(edge.to) ?? []), edge]);
    outOf.set(edge.from, [...(outOf.get(edge.from) ?? []), edge]);
  }
  // Where several edges meet a node, each has its own place, in the order of the other ends.
  const port = (list: Edge[], edge: Edge, node: Node, other: (edge: Edge) => Node) => {
    const sorted = [...list].sort((a, b) => other(a).y - other(b).y);
    return node.y + HEIGHT / 2 + (sorted.indexOf(edge) - (sorted.length - 1) / 2) * 10;
  };
  const sentence = describe(plan);
  return (
    <div class="graph" ref={box}>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="group" aria-label={sentence}>
        {edges.map((edge) => {
          const x1 = edge.from.x + edge.from.width;
          const x2 = edge.to.x - 2;
          const y1 = port(outOf.get(edge.from) ?? [], edge, edge.from, (e) => e.to);
          const y2 = port(into.get(edge.to) ?? [], edge, edge.to, (e) => e.from);
          const bend = Math.min(28, (x2 - x1) / 2);
          return (
            <path
              class={`edge ${edge.copy ? 'copy' : ''} ${edge.reachable ? '' : 'dim'}`}
              d={y1 === y2 ? `M${x1} ${y1}H${x2}` : `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`}
              marker-end={edge.reachable ? 'url(#arrow)' : 'url(#arrow-dim)'}
            />
          );
        })}
        {nodes.map((node) => {
          const drawn = (
            <>
              <rect class={`node ${node.kind}`} x={node.x} y={node.y} width={node.width} height={HEIGHT} rx="4" />
              <text class="title" x={node.x + PAD} y={node.y + 18}>
                {node.title}
              </text>{' '}
              <text class="sub" x={node.x + PAD} y={node.y + 33}>
                {node.sub}
              </text>
            </>
          );
          const { line } = node;
          return line === undefined ? (
            <g class={node.reachable ? '' : 'dim'}>{drawn}</g>
          ) : (
            <a
              class={node.reachable ? '' : 'dim'}
              href={`#/dockerfile?L=${line}`}
              onClick={(event) => {
                event.preventDefault();
                onLine(line);
              }}
            >
              {drawn}
            </a>
          );
        })}
      </svg>
      <p class="xs dim cap">
        Solid: FROM. Dashed: COPY --from. {reached(plan)}
      </p>
    </div>
  );
}

const NUMBERS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const inWords = (n: number) => NUMBERS[n] ?? String(n);

function reached(plan: Plan): string {
  const all = plan.stages.filter((stage) => !stage.implicit).length;
  const unreached = plan.stages.filter((stage) => !stage.reachable && !stage.implicit);
  if (all === 1) return '';
  if (unreached.length === 0) return `All ${inWords(all)} stages are reached by the target.`;
  return `Not reached by the target: ${unreached.map(stageTitle).join(', ')}.`;
}

function describe(plan: Plan): string {
  const parts = plan.stages.filter((stage) => !stage.implicit).map((stage) => {
    const base = stage.base.kind === 'stage' ? stageTitle(plan.stages[stage.base.stage ?? -1] ?? stage) : stage.base.kind === 'scratch' ? 'scratch' : nameText(stage.base.reference ?? '');
    const copies = [...new Set(stage.deps)].filter((index) => index !== stage.base.stage && index !== stage.index).map((index) => plan.stages[index]).filter((from) => from !== undefined);
    return `${stageTitle(stage)} from ${base}${copies.length > 0 ? `, copies from ${copies.map(stageTitle).join(' and ')}` : ''}`;
  });
  const target = plan.stages[plan.target];
  return `Stage graph: ${parts.join('; ')}. Target: ${target ? stageTitle(target) : 'none'}.`;
}
