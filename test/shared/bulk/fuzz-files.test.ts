import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createExportFileReader,
  ndjsonLines,
  readDeletes,
  readImportErrors,
  scanResource,
} from '../../../shared/bulk/index.ts';
import { base, endsWell, nearly, runs, text, tree } from './arbitrary-answers.ts';

describe('whatever a file holds', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
    fc
      .array(fc.oneof(nearly, tree), { maxLength: 5 })
      .map((lines) => Buffer.from(lines.map((line) => JSON.stringify(line)).join('\n'))),
  );

  async function* once(content: Buffer): AsyncGenerator<Buffer> {
    yield content;
  }

  test('lines, scans, deletes and error lines end well', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => {
        const lines = () => ndjsonLines(once(content), { file: 'f', maxLineBytes: 200 });
        await endsWell(async () => {
          for await (const batch of lines()) for (const line of batch) scanResource(line.bytes);
        });
        await endsWell(async () => {
          for await (const batch of readDeletes(lines(), 'f')) {
            for (const { id } of batch) expect(id).toMatch(/^[A-Za-z0-9\-.]{1,64}$/);
          }
        });
        await endsWell(async () => {
          for await (const _ of readImportErrors(lines()));
        });
      }),
      runs,
    );
  });

  test('no URL outside the allowed origins is ever opened', async () => {
    const read = createExportFileReader({ http: { allowedOrigins: [base], userAgent: 'test/1' } });
    const url = fc.oneof(
      text,
      fc.webUrl({ withQueryParameters: true }),
      fc.constantFrom(
        'https://fhir.example.evil.test/f',
        'https://fhir.example@evil.test/f',
        'http://fhir.example/f',
        'file:///etc/passwd',
        'data:,x',
      ),
    );
    await fc.assert(
      fc.asyncProperty(url, fc.boolean(), async (link, requiresAccessToken) => {
        const reading = (async () => {
          for await (const _ of read({ url: link }, { requiresAccessToken }));
        })();
        await expect(reading).rejects.toMatchObject({ code: 'URL_NOT_ALLOWED' });
      }),
    );
  });
});
