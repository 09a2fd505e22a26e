import process from 'node:process';
import type { Case } from './cases.ts';
import { type Answer, type Contender, type Prepare, Unavailable } from './contender.ts';

function tell(answer: Answer): void {
  process.send?.(answer);
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function wrongOutputs(outputs: readonly unknown[], work: Case): string | undefined {
  if (outputs.length !== work.instances) {
    return `${outputs.length} of ${work.instances} instances ended`;
  }
  const wrong = outputs.find((output) => output !== work.output);
  return wrong === undefined ? undefined : `returned ${JSON.stringify(wrong)}`;
}

async function pass(contender: Contender, work: Case): Promise<void> {
  try {
    const began = performance.now();
    const finished = await contender.run(work);
    const milliseconds = performance.now() - began;
    const wrong = wrongOutputs(await finished.outputs(), work);
    if (wrong === undefined) tell({ kind: 'passed', milliseconds });
    else tell({ kind: 'failed', reason: `${work.title}: ${wrong}` });
  } catch (error) {
    tell({ kind: 'failed', reason: `${work.title}: ${textOf(error)}` });
  }
}

/** Makes this process one contender: told over IPC which case to run, until it is left alone. */
export async function serveContender(
  prepare: (options: Prepare) => Promise<Contender>,
): Promise<void> {
  try {
    const contender = await prepare({ folder: process.argv[2] ?? '.' });
    process.on('message', (work: Case) => void pass(contender, work));
    process.once('disconnect', () => void contender.close().finally(() => process.exit(0)));
    tell({ kind: 'ready', versions: contender.versions });
  } catch (error) {
    if (error instanceof Unavailable) tell({ kind: 'unavailable', reason: error.message });
    else tell({ kind: 'failed', reason: `it did not start: ${textOf(error)}` });
    process.disconnect?.();
  }
}
