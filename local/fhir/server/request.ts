import type { IncomingMessage } from 'node:http';
import type { FhirRequest } from '../interaction.ts';
import type { Target } from '../interactions/target.ts';
import type { ParsedBody } from './body.ts';

export interface RequestParts {
  readonly message: IncomingMessage;
  readonly target: Target;
  readonly parsed: ParsedBody;
  readonly agent: number;
  readonly baseUrl: string;
  readonly stale: boolean;
}

/** Gathers what the interactions need from an HTTP request. */
export function fhirRequest({
  message,
  target,
  parsed,
  agent,
  baseUrl,
  stale,
}: RequestParts): FhirRequest {
  const { headers } = message;
  const prefer = headerText(headers['prefer']) ?? '';
  const query =
    parsed.form === undefined
      ? target.query
      : new URLSearchParams([...target.query, ...parsed.form]);
  return {
    method: message.method ?? 'GET',
    path: target.path,
    query,
    body: parsed.body,
    patch: parsed.patch,
    ifMatch: headers['if-match'],
    ifNoneMatch: headers['if-none-match'],
    ifNoneExist: headerText(headers['if-none-exist']),
    preferReturn: preferredReturn(prefer),
    strict: /\bhandling=strict\b/.test(prefer),
    baseUrl,
    headers: {
      accept: headers.accept,
      prefer: headerText(headers['prefer']),
      contentType: headers['content-type'],
    },
    agent,
    stale,
  };
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

function preferredReturn(prefer: string): FhirRequest['preferReturn'] {
  const asked = /\breturn=(\w+)/.exec(prefer)?.[1];
  return asked === 'minimal' || asked === 'OperationOutcome' ? asked : 'representation';
}
