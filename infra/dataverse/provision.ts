/**
 * Makes in a Dataverse organisation what the sync adds to the healthcare data model (`tables.json`):
 *   node infra/dataverse/provision.ts --url https://…/api/data/v9.2 [--dry-run] [--file FILE] [--solution NAME] [--token-stdin]
 */
import { text } from 'node:stream/consumers';
import { runProvision } from './run-provision.ts';

process.exitCode = await runProvision(process.argv.slice(2), {
  out: (line) => process.stdout.write(`${line}\n`),
  error: (line) => process.stderr.write(`${line}\n`),
  input: () => text(process.stdin),
});
