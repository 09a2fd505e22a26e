/** How many versions were through a phase at an instant; cumulative, oldest first. */
export interface FlowPoint {
  readonly at: string;
  readonly versions: number;
}

/** What went through one phase for one window. Between two points it is taken to have been steady. */
export interface Flow {
  readonly phase: 'export' | 'import';
  readonly points: readonly FlowPoint[];
}

/** Rates are of the last minutes: what happened hours ago says nothing of what is left. */
const spanSeconds = 300;

/** Versions per second through a phase over the last five minutes, or since its first point when that is later. */
export function recentRate(flows: readonly Flow[], phase: Flow['phase'], now: string): number {
  const some = flows.filter((flow) => flow.phase === phase && flow.points.length > 0);
  const first = Math.min(...some.map(({ points: [point] }) => Date.parse(point?.at ?? now)));
  const end = Date.parse(now);
  const begin = Math.max(first, end - spanSeconds * 1000);
  if (some.length === 0 || begin >= end) return 0;
  const versions = some.reduce((sum, { points }) => sum + at(points, end) - at(points, begin), 0);
  return versions / ((end - begin) / 1000);
}

/** Versions that were through at a moment; nothing before the first point, all after the last. */
function at(points: readonly FlowPoint[], moment: number): number {
  let before: FlowPoint | undefined;
  for (const point of points) {
    const time = Date.parse(point.at);
    if (time > moment) return before === undefined ? 0 : between(before, point, moment);
    before = point;
  }
  return before?.versions ?? 0;
}

function between(one: FlowPoint, other: FlowPoint, moment: number): number {
  const [begin, end] = [Date.parse(one.at), Date.parse(other.at)];
  return one.versions + ((other.versions - one.versions) * (moment - begin)) / (end - begin);
}
