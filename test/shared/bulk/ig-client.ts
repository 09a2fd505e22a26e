import {
  createBulkExport,
  createExportFileReader,
  type ExportFile,
  type ExportManifest,
  type ExportRequest,
} from '../../../shared/bulk/index.ts';
import { createHttp } from '../../../shared/http/index.ts';
import { type IgServer, type IgServerOptions, igServer, token } from './ig-server.ts';

export const everything: ExportRequest = { history: false, deleted: true };

export function httpOf(server: IgServer) {
  return {
    allowedOrigins: [server.url],
    token: async () => token,
    userAgent: 'test/1',
    retry: { attempts: 1, maxWaitSeconds: 0 },
  };
}

export function clientOf(server: IgServer) {
  return createBulkExport({ url: server.url, send: createHttp(httpOf(server)), dialect: 'ig' });
}

export async function started(options: IgServerOptions = {}, request = everything) {
  const server = await igServer(options);
  const source = clientOf(server);
  const kickOff = await source.kickOff(request);
  if (kickOff.kind !== 'started') throw new Error(kickOff.kind);
  return { server, source, statusUrl: kickOff.statusUrl };
}

export async function manifestOf(options: IgServerOptions) {
  const run = await started(options);
  const status = await run.source.status(run.statusUrl);
  if (status.kind !== 'done') throw new Error(status.kind);
  return { ...run, manifest: status.manifest };
}

export function openFile(
  server: IgServer,
  manifest: ExportManifest,
  file: ExportFile,
  renew?: () => Promise<ExportFile | undefined>,
) {
  const read = createExportFileReader({ http: httpOf(server) });
  const { requiresAccessToken } = manifest;
  return read(file, { requiresAccessToken, ...(renew && { renew }) });
}

export async function textOf(chunks: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

export const patients =
  '{"resourceType":"Patient","id":"a"}\n{"resourceType":"Patient","id":"b"}\n';
