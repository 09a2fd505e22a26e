import { z } from 'zod';
import { callFailure, type FhirTransport, unreadable } from './transport.ts';

/** What the FHIR service says of itself, reduced to what this product depends on. */
export interface FhirCapability {
  readonly fhirVersion: string;
  readonly software?: string;
  readonly resourceTypes: readonly string[];
  /** System interactions, such as `batch` and `transaction`. */
  readonly interactions: readonly string[];
  /** Names of system operations without `$`, such as `export` and `import`. */
  readonly operations: readonly string[];
  /** One sentence for each thing that is missing for this product, with its remedy; empty when fit. */
  readonly problems: readonly string[];
}

const named = z.array(z.object({ code: z.string() })).optional();
const statement = z.object({
  resourceType: z.literal('CapabilityStatement'),
  fhirVersion: z.string(),
  software: z.object({ name: z.string(), version: z.string().optional() }).optional(),
  rest: z
    .array(
      z.object({
        mode: z.string(),
        interaction: named,
        operation: z.array(z.object({ name: z.string() })).optional(),
        resource: z.array(z.object({ type: z.string(), interaction: named })).optional(),
      }),
    )
    .optional(),
});

type Rest = NonNullable<z.infer<typeof statement>['rest']>[number];

/**
 * Reads `/metadata` (FHIR R4 3.1.0.9).
 *
 * @throws AppError FHIR_UNAVAILABLE, FHIR_REFUSED, RESPONSE_UNREADABLE
 */
export async function readCapability(transport: FhirTransport): Promise<FhirCapability> {
  const { status, body } = await transport.call({ method: 'GET', path: 'metadata' });
  if (status !== 200) {
    throw callFailure(status, 'reading the capability statement');
  }
  const parsed = statement.safeParse(body);
  if (!parsed.success) {
    throw unreadable('/metadata with something that is not a CapabilityStatement');
  }
  const { fhirVersion, software, rest = [] } = parsed.data;
  const server = rest.find(({ mode }) => mode === 'server');
  const interactions = codes(server?.interaction);
  return {
    fhirVersion,
    ...(software === undefined ? {} : { software: softwareText(software) }),
    resourceTypes: (server?.resource ?? []).map(({ type }) => type),
    interactions,
    operations: (server?.operation ?? []).map(({ name }) => name.replace(/^\$/, '')),
    problems: problemsOf({ fhirVersion, interactions, server }),
  };
}

interface Judged {
  readonly fhirVersion: string;
  readonly interactions: readonly string[];
  readonly server: Rest | undefined;
}

function problemsOf({ fhirVersion, interactions, server }: Judged): readonly string[] {
  const problems: string[] = [];
  if (!/^4\.0\.\d/.test(fhirVersion)) {
    problems.push('The FHIR version is not 4.0.x; point the settings at a FHIR R4 service.');
  }
  if (!interactions.includes('batch')) {
    problems.push('Batch bundles are not offered; set the batch size to 1 or use another service.');
  }
  const canPatch = (server?.resource ?? []).some(({ interaction }) =>
    codes(interaction).includes('patch'),
  );
  if (!canPatch) {
    problems.push('PATCH is not offered; switch the identifier writeback off.');
  }
  return problems;
}

function codes(list: readonly { readonly code: string }[] | undefined): readonly string[] {
  return (list ?? []).map(({ code }) => code);
}

function softwareText(software: { readonly name: string; readonly version?: string | undefined }) {
  return software.version === undefined ? software.name : `${software.name} ${software.version}`;
}
