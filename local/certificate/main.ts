import process from 'node:process';
import { runCertificateCheck } from './index.ts';

/** `npm run certificate -- FILE [--public-key FILE]` */
process.exitCode = await runCertificateCheck(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(`${text.trimEnd()}\n`),
});
