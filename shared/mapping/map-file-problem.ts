import { AppError } from '../errors.ts';

/** One thing that a person must correct in a map file. */
export interface MapFileProblem {
  /** Path below the maps folder, with forward slashes. */
  readonly file: string;
  /** JSON pointer into the file, empty for the whole of it. */
  readonly pointer: string;
  readonly problem: string;
  readonly remedy: string;
}

/** Complains at one place of the file in hand. */
export type Complain = (pointer: string, problem: string, remedy: string) => void;

/** `entity/patient.json#/attributes/3/source: the path … . Remedy.` */
export function printMapFileProblem(found: MapFileProblem): string {
  return `${found.file}#${found.pointer}: ${found.problem}. ${found.remedy}.`;
}

/** A pack with problems is never used, not even in part: all of them are named at once. */
export function refuseMapFiles(problems: readonly MapFileProblem[]): never {
  const lines = problems.map(printMapFileProblem);
  throw new AppError('MAP_PACK_INVALID', `\n${lines.join('\n')}`, {
    details: { problems: problems.map((found) => ({ ...found })) },
  });
}

/** Escapes one step of a JSON pointer (RFC 6901). */
export function pointerStep(step: PropertyKey): string {
  return `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
