import { z } from 'zod';
import { certificateSchema } from './certificate-schema.ts';
import { sealSchema } from './certificate-text.ts';

/** A certificate and its seal: the whole file. */
export const certificateFileSchema = z.strictObject({
  certificate: certificateSchema,
  seal: sealSchema,
});

/** The form of a certificate file for other languages: docs/certificate.schema.json. */
export function certificateJsonSchema(): object {
  return z.toJSONSchema(certificateFileSchema);
}
