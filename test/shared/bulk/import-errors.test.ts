import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ImportErrorLine,
  locateErrors,
  ndjsonLines,
  readImportErrors,
} from '../../../shared/bulk/index.ts';

async function* bytesOf(text: string | Buffer): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

const linesOf = (text: string | Buffer) => ndjsonLines(bytesOf(text), { file: 'f' });

function errorLine(text: string, line = 3, offset = 0): string {
  return JSON.stringify({
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity: 'error',
        details: { text },
        diagnostics: `Failed to process resource at line: ${line} with stream start offset: ${offset}`,
      },
    ],
  });
}

async function read(text: string | Buffer): Promise<readonly ImportErrorLine[]> {
  const all: ImportErrorLine[] = [];
  for await (const batch of readImportErrors(linesOf(text))) all.push(...batch);
  return all;
}

describe('error files of $import', () => {
  test.each([
    ['Failed to import duplicate resource, resource id: a-1, line: 3', 'duplicate', 'a-1'],
    [
      'Failed to import resource with version conflict, resource id: a-1, line: 3',
      'version-conflict',
      'a-1',
    ],
    ["Invalid resource id: 'CANARY/x'. The Id must be…", 'invalid-id', undefined],
    ['LastUpdated in the resource cannot be in the future.', 'future-date', undefined],
    ['Conditional reference is not supported for $import in InitialLoad.', 'reference', undefined],
    ['Failed to parse import resource JSON: CANARY', 'unreadable', undefined],
    ['Resource type not match.', 'unreadable', undefined],
    ['CANARY of a kind nobody knows', 'other', undefined],
  ])('%s → %s', async (text, cause, resourceId) => {
    const [error] = await read(errorLine(text, 7, 10_000_000));
    expect(error).toEqual({
      unitOffset: 10_000_000,
      line: 7,
      cause,
      ...(resourceId && { resourceId }),
    });
  });

  test('a line that cannot be read is other, without a place', async () => {
    expect(await read('CANARY\n{}\n[1]\n')).toEqual(
      Array(3).fill({ unitOffset: undefined, line: undefined, cause: 'other' }),
    );
  });

  test('any text gives a cause and keeps nothing else of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        const [error] = await read(errorLine(`CANARY${text}`));
        expect(JSON.stringify(error)).not.toContain('CANARY');
      }),
    );
  });
});

/** ImportResourceLoader.ReadLines of microsoft/fhir-server, in its own words: text of the n-th line of a unit. */
function serverLines(file: Buffer, offset: number, bytesToRead: number): readonly string[] {
  const given: string[] = [];
  let at = offset;
  let bytesRead = 0;
  let skipFirstLine = true;
  while (bytesRead <= bytesToRead && at < file.length) {
    const feed = file.indexOf(0x0a, at);
    const end = feed < 0 ? file.length : feed;
    const hasReturn = feed > at && file[end - 1] === 0x0d;
    const line = file.subarray(at, hasReturn ? end - 1 : end).toString();
    const next = feed < 0 ? file.length : feed + 1;
    bytesRead += next - at;
    at = next;
    if (offset > 0 && skipFirstLine) {
      skipFirstLine = false;
    } else if (line.length > 0) {
      given.push(line);
    }
  }
  return given;
}

describe('places of errors', () => {
  test('are found as the server counts them, in every unit of any size', async () => {
    const content = fc.array(
      fc.string({ maxLength: 12 }).map((text) => text.replaceAll(/[\r\n\uFEFF]/g, '')),
      { minLength: 1, maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(
        content,
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 1, max: 60 }),
        async (texts, end, unitBytes) => {
          const file = Buffer.from(
            texts.map((text, index) => (text === '' ? '' : `${index}:${text}`)).join(end),
          );
          const expected: [ImportErrorLine, string][] = [];
          for (let unitOffset = 0; unitOffset < file.length; unitOffset += unitBytes) {
            serverLines(file, unitOffset, unitBytes - 1).forEach((text, index) => {
              expected.push([{ unitOffset, line: index + 1, cause: 'other' }, text]);
            });
          }
          const found = new Map<ImportErrorLine, string>();
          for await (const batch of locateErrors(
            linesOf(file),
            expected.map(([error]) => error),
          )) {
            for (const { error, line } of batch) found.set(error, line.bytes.toString());
          }
          expect(expected.map(([error]) => found.get(error))).toEqual(
            expected.map(([, text]) => text),
          );
        },
      ),
    );
  });
});
