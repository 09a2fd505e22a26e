import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type ExportDocument,
  importMaps,
  printMapFileProblem,
} from '../../shared/mapping/index.ts';
import type { Tool } from './index.ts';
import { MapToolError } from './map-tool-error.ts';

/** Turns maps exported from the product into map files. */
export const importExport: Tool = async (args, { out }) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { out: { type: 'string' } },
  });
  if (values.out === undefined || positionals.length === 0) {
    throw new MapToolError('An import needs FILE... and --out DIR.');
  }
  const { files, problems } = importMaps(await Promise.all(positionals.map(readExport)));
  for (const { file, content } of files) {
    const path = join(values.out, ...file.split('/'));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${JSON.stringify(content, undefined, 2)}\n`);
  }
  for (const problem of problems) out(printMapFileProblem(problem));
  out(`${files.length} map files written, ${problems.length} problems`);
  return problems.length > 0 ? 1 : 0;
};

async function readExport(file: string): Promise<ExportDocument> {
  const text = await readFile(file, 'utf8');
  try {
    return { file, json: JSON.parse(text.replace(/^\uFEFF/, '')) };
  } catch {
    throw new MapToolError(
      `${file} is not JSON. Export the rows with the Web API, not as a workbook.`,
    );
  }
}
