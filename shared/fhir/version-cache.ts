import type { VersionReference } from './reference.ts';
import type { FhirResource } from './resource.ts';

/**
 * Bodies of resource versions that this worker has read lately. A version never changes, so
 * nothing here goes stale; what was evicted is read again by version from the FHIR service.
 */
export interface VersionCache {
  get(reference: VersionReference): FhirResource | undefined;
  put(reference: VersionReference, resource: FhirResource): void;
  /** Bytes held now, as JSON text. */
  readonly bytes: number;
}

interface Held {
  readonly resource: FhirResource;
  readonly bytes: number;
}

/**
 * Least recently used first out, bounded by the size of the bodies as JSON text (the parsed
 * objects take a small multiple of it). A body larger than `maxBytes` alone is not kept.
 */
export function createVersionCache(options: { readonly maxBytes: number }): VersionCache {
  const held = new Map<string, Held>();
  let bytes = 0;

  const drop = (key: string): void => {
    bytes -= held.get(key)?.bytes ?? 0;
    held.delete(key);
  };

  return {
    get bytes() {
      return bytes;
    },
    get(reference) {
      const key = keyOf(reference);
      const entry = held.get(key);
      if (entry !== undefined) {
        held.delete(key);
        held.set(key, entry); // a Map keeps insertion order: the last is the most recently used
      }
      return entry?.resource;
    },
    put(reference, resource) {
      const key = keyOf(reference);
      drop(key);
      const size = Buffer.byteLength(JSON.stringify(resource));
      if (size > options.maxBytes) {
        return;
      }
      held.set(key, { resource, bytes: size });
      bytes += size;
      for (const oldest of held.keys()) {
        if (bytes <= options.maxBytes) {
          return;
        }
        drop(oldest);
      }
    },
  };
}

function keyOf(reference: VersionReference): string {
  return `${reference.resourceType}/${reference.id}/${reference.versionId}`;
}
