/**
 * Tools for people who write maps:
 *   node local/maps/main.ts check [--maps DIR] [--pack NAME] [--dataverse URL] [--samples DIR]
 *   node local/maps/main.ts dry-run --samples DIR --dataverse URL [--maps DIR] [--pack NAME] [--versions current|next]
 *   node local/maps/main.ts import FILE... --out DIR
 *   node local/maps/main.ts schema | coverage
 */
import { runMapTool } from './index.ts';

process.exitCode = await runMapTool(process.argv.slice(2), {
  out: (text) => process.stdout.write(`${text}\n`),
  error: (text) => process.stderr.write(`${text}\n`),
});
