import { AppError } from '../../shared/errors.ts';
import { check } from './check.ts';
import { coverage } from './coverage.ts';
import { dryRunCommand } from './dry-run.ts';
import { importExport } from './import.ts';
import { MapToolError } from './map-tool-error.ts';
import { schema } from './schema.ts';

/** Where a tool prints: results, and what went wrong. */
export interface Output {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
}

/** A tool; it answers its exit code: 0 fine, 1 problems found. */
export type Tool = (args: readonly string[], output: Output) => Promise<number>;

const tools: Readonly<Record<string, Tool>> = {
  check,
  'dry-run': dryRunCommand,
  import: importExport,
  schema,
  coverage,
};

/** Runs one tool; 2 is a wrong call, such as an unknown option or a folder that is not there. */
export async function runMapTool(
  [name = '', ...args]: readonly string[],
  output: Output,
): Promise<number> {
  const tool = tools[name];
  if (tool === undefined) {
    output.error(`Name a tool: ${Object.keys(tools).join(', ')}. docs/maps.md describes them.`);
    return 2;
  }
  try {
    return await tool(args, output);
  } catch (error) {
    if (error instanceof AppError) {
      output.error(error.message);
      return error.code === 'MAP_PACK_INVALID' ? 1 : 2;
    }
    if (error instanceof MapToolError || isWrongCall(error)) {
      output.error(error.message);
      return 2;
    }
    throw error;
  }
}

/** What `parseArgs` and the file system say is about the call, and clear as it is. */
function isWrongCall(error: unknown): error is Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('ERR_PARSE_ARGS') || ['ENOENT', 'ENOTDIR', 'EACCES'].includes(code);
}
