import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { createExportFileReader, ndjsonLines, scanResource } from '../../../shared/bulk/index.ts';

/** Reads an export file of so many megabytes line by line; tells the lines and the most memory it held. */
const megabytes = Number(process.argv[2]);
const line = `{"resourceType":"Observation","id":"x","note":"${'n'.repeat(949)}"}\n`;
const piece = Buffer.from(line.repeat(1000));

const server = createServer(async (_, response) => {
  for (let sent = 0; sent < megabytes; sent += 1) {
    if (!response.write(piece)) await new Promise((done) => response.once('drain', done));
  }
  response.end();
});
server.listen(0, '127.0.0.1', async () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const read = createExportFileReader({ http: { allowedOrigins: [url], userAgent: 'test/1' } });
  let lines = 0;
  for await (const batch of ndjsonLines(read({ url }, { requiresAccessToken: false }), {
    file: url,
  })) {
    for (const { bytes } of batch) lines += scanResource(bytes).kind === 'resource' ? 1 : 0;
  }
  process.send?.({ lines, peakBytes: process.resourceUsage().maxRSS * 1024 });
  process.disconnect?.();
  server.closeAllConnections();
  server.close();
});
