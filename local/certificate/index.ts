import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { AppError } from '../../shared/errors.ts';
import { type CheckResult, checkCertificate } from '../../shared/proof/index.ts';
import { certificatePage } from './page.ts';

export const usage = `usage: npm run certificate -- FILE [--public-key FILE]
  Checks the certificate of a migration with nothing but the file.
  --public-key FILE   Ed25519 public key (PEM) that it has to be signed with
Exit code: 0 sound, 1 not sound, 2 nothing that could be checked.
`;

export interface Output {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
}

/** Far above any real certificate, far below what would fill the memory. */
const mostBytes = 512 * 1024 * 1024;

/** Why nothing could be checked, in one sentence for the person at the terminal. */
class InputError extends Error {
  override readonly name = 'InputError';
}

/** The command; gives the exit code. */
export async function runCertificateCheck(
  args: readonly string[],
  { out, error }: Output,
): Promise<0 | 1 | 2> {
  if (args.includes('--help')) {
    out(usage);
    return 0;
  }
  try {
    const result = await check(args);
    if (result.kind === 'unreadable') throw new InputError(`${result.reason}.`);
    out(certificatePage(result));
    return result.kind === 'sound' ? 0 : 1;
  } catch (problem) {
    if (!(problem instanceof InputError) && !(problem instanceof AppError)) throw problem;
    error(problem.message);
    return 2;
  }
}

async function check(args: readonly string[]): Promise<CheckResult> {
  const { file, keyFile } = readArguments(args);
  const bytes = await read(file);
  const publicKey = keyFile === undefined ? undefined : (await read(keyFile)).toString();
  return checkCertificate(bytes, publicKey === undefined ? {} : { publicKey });
}

interface Files {
  readonly file: string;
  readonly keyFile: string | undefined;
}

function readArguments(args: readonly string[]): Files {
  const { values, positionals } = parse(args);
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) {
    throw new InputError(`Name one certificate file.\n${usage}`);
  }
  return { file, keyFile: values['public-key'] };
}

function parse(args: readonly string[]) {
  const options = { 'public-key': { type: 'string' } } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (problem) {
    const reason = problem instanceof Error ? problem.message : 'wrong arguments';
    throw new InputError(`${reason}\n${usage}`);
  }
}

async function read(file: string): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (problem) {
    const code = problem instanceof Error && 'code' in problem ? String(problem.code) : 'error';
    throw new InputError(`${file} cannot be read (${code}).`);
  }
  if (bytes.length > mostBytes) throw new InputError(`${file} is too big for a certificate.`);
  return bytes;
}
