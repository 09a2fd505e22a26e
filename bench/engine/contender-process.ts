import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchError } from '../bench-error.ts';
import type { Case } from './cases.ts';
import { type Answer, Unavailable } from './contender.ts';

export interface ContenderProcess {
  readonly versions: Readonly<Record<string, string>>;
  /** Milliseconds from the first start to the last answer. */
  pass(work: Case): Promise<number>;
  close(): Promise<void>;
}

const closeGraceMs = 15_000;

/** @throws Unavailable with the reason; BenchError when it does not start */
export async function startContender(name: string): Promise<ContenderProcess> {
  const folder = mkdtempSync(join(tmpdir(), `bench-${name}-`));
  const path = fileURLToPath(new URL(`./contenders/${name}.ts`, import.meta.url));
  const child = fork(path, [folder], {
    execArgv: ['--disable-warning=ExperimentalWarning', '--disable-warning=DeprecationWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const close = async () => {
    if (child.connected) child.disconnect();
    const timer = setTimeout(() => child.kill('SIGKILL'), closeGraceMs);
    await gone;
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const first = await nextAnswer(child, gone);
  if (first.kind === 'ready') {
    return { versions: first.versions, close, pass: (work) => pass(child, gone, { name, work }) };
  }
  await close();
  if (first.kind === 'unavailable') throw new Unavailable(first.reason);
  throw new BenchError(`${name}: ${first.kind === 'failed' ? first.reason : 'unexpected answer'}`);
}

async function pass(
  child: ChildProcess,
  gone: Promise<void>,
  { name, work }: { readonly name: string; readonly work: Case },
): Promise<number> {
  child.send(work);
  const answer = await nextAnswer(child, gone);
  if (answer.kind === 'passed') return answer.milliseconds;
  throw new BenchError(`${name}: ${answer.kind === 'failed' ? answer.reason : 'no answer'}`);
}

function nextAnswer(child: ChildProcess, gone: Promise<void>): Promise<Answer> {
  return new Promise((resolve) => {
    const hear = (answer: unknown) => resolve(answer as Answer);
    child.once('message', hear);
    void gone.then(() => {
      child.off('message', hear);
      resolve({ kind: 'failed', reason: 'its process ended' });
    });
  });
}
