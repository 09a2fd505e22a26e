import { z } from 'zod';

/** A comma-separated list; blanks around items do not count. */
export const list = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text) =>
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    );

export const authMode = z.enum(['none', 'managed-identity', 'client-credentials']);

export const wholeNumber = (fallback: number, minimum: number, maximum: number) =>
  z.coerce.number().int().min(minimum).max(maximum).default(fallback);

/** Tokens and clinical data travel to these: HTTPS, except on this machine. */
export const serviceUrl = z.url({ protocol: /^https?$/ }).check(({ value, issues }) => {
  const wrong = URL.canParse(value) ? problemOfUrl(new URL(value)) : undefined;
  if (wrong !== undefined) issues.push({ code: 'custom', message: wrong, input: value });
});

function problemOfUrl({ protocol, hostname, username, search, hash }: URL): string | undefined {
  if (username !== '') return 'Put no user name or password into the URL';
  if (search !== '' || hash !== '') return 'Leave out what follows ? or #';
  if (protocol !== 'https:' && !loopbackNames.includes(hostname))
    return 'Use https; http is for loopback URLs only';
  return undefined;
}

const loopbackNames = ['127.0.0.1', 'localhost', '[::1]'];

/** True for URLs that stay on this machine. */
export function isLoopback(url: string): boolean {
  return loopbackNames.includes(new URL(url).hostname);
}

/** A connection string of a storage account, or the URL of one of its services for managed identity. */
export const storage = z
  .string()
  .refine(
    (text) =>
      serviceUrl.safeParse(text).success ||
      /(^|;)(AccountName|TableEndpoint|UseDevelopmentStorage)=/i.test(text),
    'Expected a connection string, or the https URL of the storage service',
  );

export const withoutSlash = (url: string): string => url.replace(/\/+$/, '');
