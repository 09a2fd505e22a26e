import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));

/**
 * Installs what the benchmarks compare with, once. These programs are large (a
 * database server and a workflow server among them), so they are no part of the
 * project's own installation; `bench/package-lock.json` names their versions.
 */
export function installOtherPrograms(say: (line: string) => void): void {
  if (existsSync(new URL('./node_modules/', import.meta.url))) return;
  say('installing the other programs of the benchmark below bench/ …');
  const npm = process.env['npm_execpath'];
  const [command, ...first] = npm === undefined ? ['npm'] : [process.execPath, npm];
  try {
    execFileSync(command, [...first, 'ci', '--prefix', folder], { stdio: 'inherit', cwd: folder });
  } catch {
    say('they could not be installed; what is missing is skipped, with the reason');
  }
}
