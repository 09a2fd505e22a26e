/** What a decision is asked about: one resource of one patient, sent for us, for a purpose, at a time. */
export interface ConsentRequest {
  /** `Patient/{id}`. */
  readonly patient: string;
  /** Every actor reference that we act for, such as `Organization/x`; one of them is enough to match. */
  readonly recipients: readonly string[];
  /** The one use we make of the data, from specific to general, as `system|code` or `code`. */
  readonly purposes: readonly string[];
  /** `system|code` or `code` of FHIR `consentaction`, such as `disclose`. */
  readonly action?: string;
  readonly resource: ConsentedResource;
  /** ISO 8601 instant; the present, since consent is evaluated when something is about to be sent. */
  readonly at: string;
  /** Our FHIR base URL, so that absolute references to our own resources are understood. */
  readonly fhirBase?: string;
}

/** What consents can say about a resource. An absent list is unknown, an empty one is known to be empty. */
export interface ConsentedResource {
  readonly resourceType: string;
  /** `Type/{id}`. */
  readonly reference: string;
  /** Every coding in the instance, as `system|code` or `code`. */
  readonly codes?: readonly string[];
  /** Its security labels (`meta.security`), as `system|code` or `code`. */
  readonly labels?: readonly string[];
  /** Its profiles (`meta.profile`). */
  readonly profiles?: readonly string[];
  /** When it is clinically about: a FHIR date or dateTime, or `start/end` with either end open. */
  readonly date?: string;
  /** Every literal reference in it. */
  readonly references?: readonly string[];
  /** The references among them that name its authors. */
  readonly authors?: readonly string[];
}

/** The operator's choices; see docs for what each regime means. */
export interface ConsentPolicy {
  /** When no consent applies: `permit` in an opt-out regime, `deny` in an opt-in regime. */
  readonly defaultDecision: 'permit' | 'deny';
  /** Consent scopes that count, as `code` or `system|code`; empty: all. */
  readonly scopes: readonly string[];
  /** Consent categories that count, as `system|code` or `code`; empty: all. */
  readonly categories: readonly string[];
  readonly conflict: 'deny-overrides' | 'latest-wins';
}

/** Safe to log: ids and a path into the consent, nothing of what it says. */
export interface ConsentDecision {
  readonly kind: 'permit' | 'deny';
  readonly basis: 'consent' | 'default' | 'unreadable';
  readonly consentId?: string;
  readonly consentVersion?: string;
  /** For example `provision.provision[1]`, or `policyRule`. */
  readonly rulePath?: string;
}
