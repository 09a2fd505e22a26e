import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AppError } from '../../shared/errors.ts';
import { Organisation } from './organisation.ts';
import { provisionTables } from './provision-tables.ts';
import { readTableFile } from './table-file.ts';

/** Where the program prints, and where a token may come from. */
export interface Terminal {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
  /** All of standard input. */
  readonly input: () => Promise<string>;
}

const usage =
  'node infra/dataverse/provision.ts --url https://…/api/data/v9.2 [--dry-run] [--file FILE] [--solution NAME] [--token-stdin]';

function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      file: { type: 'string', default: join(import.meta.dirname, 'tables.json') },
      solution: { type: 'string' },
      'token-stdin': { type: 'boolean', default: false },
    },
  });
  return values;
}

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { url, file, solution, ...values } = readOptions(args);
  if (url === undefined) {
    terminal.error(`Say which organisation: ${usage}`);
    return 2;
  }
  const token = values['token-stdin'] ? (await terminal.input()).trim() : undefined;
  const { differences } = await provisionTables({
    file: await readTableFile(file),
    organisation: new Organisation({ url, token, solution }),
    isDryRun: values['dry-run'],
    print: terminal.out,
  });
  return differences > 0 ? 1 : 0;
}

/** What `parseArgs` and the file system say is about the call, and clear as it is. */
function isWrongCall(error: unknown): error is Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('ERR_PARSE_ARGS') || ['ENOENT', 'EACCES', 'EISDIR'].includes(code);
}

/** Answers the exit code: 0 all is there, 1 something is left for a person, 2 wrong call or refused. */
export async function runProvision(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await run(args, terminal);
  } catch (error) {
    if (error instanceof AppError || isWrongCall(error)) {
      terminal.error(error.message);
      return 2;
    }
    throw error;
  }
}
