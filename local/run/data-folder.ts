import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import { RunError } from './run-error.ts';

/** Raised whenever an older data folder could not be read any more. */
const layout = 1;

const markSchema = z.object({ layout: z.number(), processId: z.number(), runs: z.boolean() });

export interface DataFolder {
  readonly path: string;
  leave(): Promise<void>;
}

/**
 * Takes a data folder for this run.
 * @throws RunError when another copy runs on it, or another version made it
 */
export async function enterDataFolder(path: string): Promise<DataFolder> {
  await mkdir(path, { recursive: true });
  const file = join(path, 'fhir-dataverse-sync.json');
  const mark = await readMark(file);
  if (mark !== undefined && mark.layout !== layout) {
    throw new RunError(
      `The data folder ${path} was made by another version (layout ${mark.layout}, this one reads ${layout}). ` +
        'Name another folder with --data, or empty this one.',
    );
  }
  if (mark?.runs && mark.processId !== process.pid && isAlive(mark.processId)) {
    throw new RunError(
      `Another copy (process ${mark.processId}) already runs on ${path}. Stop it, or name another folder with --data.`,
    );
  }
  const write = (runs: boolean) =>
    writeFile(file, JSON.stringify({ layout, processId: process.pid, runs }));
  await write(true);
  return { path, leave: () => write(false) };
}

async function readMark(file: string): Promise<z.infer<typeof markSchema> | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = markSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  await rm(file, { force: true });
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}
