/** The same work for every engine; all instances of a pass are started at once. */
export interface Case {
  /** Also the name of the orchestration. */
  readonly name: 'chain' | 'fanOut' | 'parallel';
  readonly title: string;
  readonly activities: number;
  readonly instances: number;
  /** What every instance must return; a wrong answer makes the benchmark fail. */
  readonly output: number;
}

export const chainLength = 5;
export const fanOutWidth = 100;

/** Every activity adds one to its number. */
export const addOne = (value: number): number => value + 1;

export function cases(scale: number): readonly Case[] {
  const sized = (instances: number) => Math.max(1, Math.round(instances * scale));
  return [
    {
      name: 'chain',
      title: `chain of ${chainLength}`,
      activities: chainLength,
      instances: sized(300),
      output: chainLength,
    },
    {
      name: 'fanOut',
      title: `fan-out of ${fanOutWidth}`,
      activities: fanOutWidth,
      instances: sized(20),
      output: fanOutWidth + (fanOutWidth * (fanOutWidth - 1)) / 2,
    },
    {
      name: 'parallel',
      title: '1,000 parallel instances',
      activities: 1,
      instances: sized(1_000),
      output: 1,
    },
  ];
}
