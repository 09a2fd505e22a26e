import { parseArgs } from 'node:util';
import { checkPack, printMapFileProblem, tablesOf } from '../../shared/mapping/index.ts';
import type { Tool } from './index.ts';
import { choosePack, packOptions } from './map-folder.ts';
import { organisation } from './organisation.ts';
import { readSamples } from './samples.ts';

/** Compares a pack with the organisation that it is meant for, and with sample resources. */
export const check: Tool = async (args, { out }) => {
  const { values } = parseArgs({
    args: [...args],
    options: { ...packOptions, dataverse: { type: 'string' }, samples: { type: 'string' } },
  });
  const { files, enabled } = await choosePack(values);
  const { problems, roots, tables, samples } = await checkPack(files, {
    ...(enabled === undefined ? {} : { enabled }),
    ...(values.dataverse === undefined ? {} : { table: tablesOf(organisation(values.dataverse)) }),
    ...(values.samples === undefined ? {} : { samples: await readSamples(values.samples) }),
  });
  for (const problem of problems) out(`${problem.severity} ${printMapFileProblem(problem)}`);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  out(
    `${roots} root maps, ${tables} tables, ${samples.mapped} samples (${samples.rejected} rejected): ` +
      `${errors} errors, ${problems.length - errors} warnings`,
  );
  return errors > 0 ? 1 : 0;
};
