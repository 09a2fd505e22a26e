import type { Call } from './http-load.ts';

const json = { 'content-type': 'application/json', 'odata-version': '4.0' };

export interface Contact {
  readonly id: string;
  readonly columns: Readonly<Record<string, string>>;
}

export function sampleContacts(count: number, first: number): readonly Contact[] {
  return Array.from({ length: count }, (_, index) => {
    const number = first + index;
    return {
      id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
      columns: {
        firstname: `Given ${number}`,
        lastname: `Family ${number}`,
        emailaddress1: `person${number}@example.org`,
        address1_line1: `${number} Example Street`,
        address1_city: 'Springfield',
        telephone1: '+1 555 0100',
      },
    };
  });
}

/** An upsert by id, which is what the product sends. */
export function upsertCall(base: string, { id, columns }: Contact): Call {
  const url = `${base}/contacts(${id})`;
  return { method: 'PATCH', url, headers: json, body: JSON.stringify(columns) };
}

export function readCall(base: string, { id }: Contact): Call {
  return { method: 'GET', url: `${base}/contacts(${id})?$select=firstname,lastname` };
}

/** One `$batch` of upserts, each on its own, as the product sends them. */
export function batchCall(base: string, contacts: readonly Contact[]): Call {
  const boundary = 'batch_bench';
  const parts = contacts.map(({ id, columns }) =>
    [
      `--${boundary}`,
      'Content-Type: application/http',
      'Content-Transfer-Encoding: binary',
      '',
      `PATCH ${base}/contacts(${id}) HTTP/1.1`,
      'Content-Type: application/json',
      '',
      JSON.stringify(columns),
      '',
    ].join('\r\n'),
  );
  return {
    method: 'POST',
    url: `${base}/$batch`,
    headers: {
      'content-type': `multipart/mixed; boundary="${boundary}"`,
      'odata-version': '4.0',
      prefer: 'odata.continue-on-error',
    },
    body: `${parts.join('\r\n')}\r\n--${boundary}--\r\n`,
  };
}
