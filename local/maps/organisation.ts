import { createDataverseClient, type DataverseClient } from '../../shared/dataverse/index.ts';
import { createHttp } from '../../shared/http/index.ts';
import { createTokenProvider } from '../../shared/identity/index.ts';
import { MapToolError } from './map-tool-error.ts';

/** A client of the organisation at this Web API address; Azure's credentials are used except on this machine. */
export function organisation(url: string): DataverseClient {
  if (!URL.canParse(url)) {
    throw new MapToolError(
      `--dataverse takes a URL such as https://…/api/data/v9.2, not "${url}".`,
    );
  }
  const { origin, hostname } = new URL(url);
  const local = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  const token = local
    ? undefined
    : createTokenProvider({ mode: 'managed-identity', scope: `${origin}/.default`, url });
  const send = createHttp({
    ...{ allowedOrigins: [origin], userAgent: 'fhir-dataverse-sync-maps/0.1' },
    ...(token ? { token } : {}),
  });
  return createDataverseClient({ url, send });
}
