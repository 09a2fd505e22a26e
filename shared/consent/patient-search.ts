/**
 * Types of which a search by `patient` does not find all that `patientsOf` says is
 * about the patient, with all parameters that it takes (FHIR R4 search parameters).
 */
const several: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    AdverseEvent: ['subject', 'recorder'],
    AllergyIntolerance: ['patient', 'recorder', 'asserter'],
    AuditEvent: ['patient', 'source'],
    Basic: ['patient', 'author'],
    CareTeam: ['patient', 'participant'],
    ChargeItem: ['patient', 'performer-actor'],
    Claim: ['patient', 'payee'],
    Communication: ['patient', 'recipient', 'sender'],
    CommunicationRequest: ['patient', 'recipient', 'sender', 'requester'],
    Composition: ['patient', 'author', 'attester'],
    Condition: ['patient', 'asserter'],
    Consent: ['patient', 'consentor'],
    Coverage: ['patient', 'policy-holder', 'subscriber', 'payor'],
    DeviceRequest: ['patient', 'performer'],
    DocumentManifest: ['patient', 'recipient', 'author'],
    DocumentReference: ['patient', 'author'],
    ExplanationOfBenefit: ['patient', 'payee'],
    Flag: ['patient', 'author'],
    Group: ['member'],
    Invoice: ['patient', 'participant', 'recipient'],
    List: ['patient', 'source'],
    MedicationAdministration: ['patient', 'performer'],
    MedicationDispense: ['patient', 'performer', 'receiver'],
    MedicationRequest: ['patient', 'intended-performer', 'requester'],
    MessageHeader: ['focus'],
    Observation: ['patient', 'focus', 'performer'],
    Procedure: ['patient', 'performer'],
    Provenance: ['target', 'agent', 'entity'],
    QuestionnaireResponse: ['patient', 'source', 'author'],
    Schedule: ['actor'],
    ServiceRequest: ['patient', 'performer', 'requester'],
    SupplyRequest: ['requester'],
    Task: ['patient', 'focus', 'requester'],
    VerificationResult: ['target'],
  }),
);

/** Types of which a search by `patient` finds all of it. */
const byPatient: ReadonlySet<string> = new Set([
  ...['Account', 'Appointment', 'AppointmentResponse', 'BodyStructure', 'CarePlan'],
  ...['ClaimResponse', 'ClinicalImpression', 'Contract', 'CoverageEligibilityRequest'],
  ...['CoverageEligibilityResponse', 'DetectedIssue', 'Device', 'DeviceUseStatement'],
  ...['DiagnosticReport', 'Encounter', 'EnrollmentRequest', 'EpisodeOfCare'],
  ...['FamilyMemberHistory', 'Goal', 'GuidanceResponse', 'ImagingStudy', 'Immunization'],
  ...['ImmunizationEvaluation', 'ImmunizationRecommendation', 'MeasureReport', 'Media'],
  ...['MedicationStatement', 'MolecularSequence', 'NutritionOrder', 'Person', 'RelatedPerson'],
  ...['RequestGroup', 'ResearchSubject', 'RiskAssessment', 'Specimen', 'SupplyDelivery'],
  'VisionPrescription',
]);

/**
 * The search parameters that together find everything of a type that `patientsOf`
 * says is about a patient, main patient or not. They may find more: a performer
 * counts only where nobody else is named. Empty for types that name no patients.
 */
export function patientSearches(resourceType: string): readonly string[] {
  return several.get(resourceType) ?? (byPatient.has(resourceType) ? ['patient'] : []);
}
