import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { generatePatients, generateShared } from '../../local/seed/index.ts';

export interface Corpus {
  readonly name: string;
  /** One resource each, as an export writes it, with its version. */
  readonly lines: readonly Buffer[];
  readonly bytes: number;
}

/** Beside the project, where there is one; nothing depends on it. */
const project = fileURLToPath(new URL('../../', import.meta.url));
const synthea = join(project, '..', 'shared', 'data', 'synthea-88');

/** Synthea's resources where they are there, those of 2 KB and up among them, and our own. */
export function corpora(scale: number): readonly Corpus[] {
  const every = Math.max(1, Math.round(1 / scale));
  const some = (lines: readonly string[]) => lines.filter((_line, index) => index % every === 0);
  const real = some(existsSync(synthea) ? syntheaLines() : []);
  const sets = [
    corpus('Synthea, 88 patients', real),
    corpus('Synthea, documents and claims', big(real)),
    corpus('generated, 200 patients', some(generatedLines())),
  ];
  return sets.filter(({ lines }) => lines.length > 0);
}

function corpus(name: string, texts: readonly string[]): Corpus {
  const lines = texts.map((text, index) => Buffer.from(asExported(text, index)));
  const bytes = lines.reduce((sum, line) => sum + line.length, 0);
  const mean = lines.length === 0 ? 0 : Math.round(bytes / lines.length);
  return { name: `${name} (${mean.toLocaleString('en-US')} bytes each)`, lines, bytes };
}

/** Resources of the types that make a store big, 2 KB on average and more. */
function big(lines: readonly string[]): readonly string[] {
  const types = [
    'Claim',
    'DiagnosticReport',
    'ExplanationOfBenefit',
    'Patient',
    'CareTeam',
    'CarePlan',
  ];
  return lines.filter((line) => types.some((type) => line.startsWith(`{"resourceType":"${type}"`)));
}

function asExported(line: string, index: number): string {
  const lastUpdated = new Date(Date.UTC(2024, 0, 1) + index).toISOString();
  const meta = `"meta":{"versionId":"1","lastUpdated":"${lastUpdated}"},`;
  return line.includes('"meta":') ? line : line.replace('"id":', `${meta}"id":`);
}

function syntheaLines(): readonly string[] {
  return readdirSync(synthea)
    .filter((file) => file.endsWith('.ndjson.gz'))
    .flatMap((file) =>
      gunzipSync(readFileSync(join(synthea, file)))
        .toString('utf8')
        .split('\n'),
    )
    .filter(Boolean);
}

function generatedLines(): readonly string[] {
  const patients = [...generatePatients({ patients: 200, seed: 1 })];
  return [...generateShared(1), ...patients.flatMap(({ resources }) => resources)].map((resource) =>
    JSON.stringify(resource),
  );
}
