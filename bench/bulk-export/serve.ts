import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { inventedLines } from './invented-lines.ts';

const [files, bytes, encoding] = [
  Number(process.argv[2]),
  Number(process.argv[3]),
  process.argv[4],
];
const { ndjson, lines } = inventedLines(bytes);
const isGzip = encoding === 'gzip';
const content = isGzip ? gzipSync(ndjson) : ndjson;

/** A bulk data server that is always done: every file is the same, and in memory. */
const server = createServer((request, response) => {
  request.resume();
  request.once('end', () => answer(request, response));
});

function answer(request: IncomingMessage, response: ServerResponse): void {
  const origin = `http://${request.headers.host}`;
  if (request.url?.startsWith('/fhir/$export') === true) {
    response.writeHead(202, { 'content-location': `${origin}/status` }).end();
  } else if (request.url === '/status') {
    response.writeHead(200, { 'content-type': 'application/json' }).end(manifest(origin));
  } else {
    const coding = isGzip ? { 'content-encoding': 'gzip' } : {};
    const type = { 'content-type': 'application/fhir+ndjson', 'content-length': content.length };
    response.writeHead(200, { ...type, ...coding }).end(content);
  }
}

function manifest(origin: string): string {
  return JSON.stringify({
    transactionTime: new Date().toISOString(),
    request: `${origin}/fhir/$export`,
    requiresAccessToken: false,
    output: Array.from({ length: files }, (_, index) => ({
      type: 'Observation',
      url: `${origin}/files/${index}.ndjson`,
      count: lines,
    })),
    error: [],
  });
}

server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.send?.({ url, lines: lines * files });
});
process.once('disconnect', () => process.exit(0));
