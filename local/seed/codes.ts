import type { Code } from './resource.ts';

export interface Diagnosis {
  readonly snomed: Code;
  readonly icd10: Code;
  /** RxNorm medication usually prescribed for it. */
  readonly medication: Code;
}

/** Real codes of SNOMED CT, ICD-10-CM and RxNorm for common long-term conditions. */
export const diagnoses: readonly [Diagnosis, ...Diagnosis[]] = [
  {
    snomed: ['44054006', 'Type 2 diabetes mellitus'],
    icd10: ['E11.9', 'Type 2 diabetes mellitus without complications'],
    medication: ['860975', '24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet'],
  },
  {
    snomed: ['38341003', 'Hypertensive disorder'],
    icd10: ['I10', 'Essential (primary) hypertension'],
    medication: ['314076', 'Lisinopril 10 MG Oral Tablet'],
  },
  {
    snomed: ['195967001', 'Asthma'],
    icd10: ['J45.909', 'Unspecified asthma, uncomplicated'],
    medication: ['745679', '200 ACTUAT Albuterol 0.09 MG/ACTUAT Metered Dose Inhaler'],
  },
  {
    snomed: ['55822004', 'Hyperlipidemia'],
    icd10: ['E78.5', 'Hyperlipidemia, unspecified'],
    medication: ['312961', 'Simvastatin 20 MG Oral Tablet'],
  },
  {
    snomed: ['35489007', 'Depressive disorder'],
    icd10: ['F32.A', 'Depression, unspecified'],
    medication: ['312941', 'Sertraline 50 MG Oral Tablet'],
  },
  {
    snomed: ['396275006', 'Osteoarthritis'],
    icd10: ['M19.90', 'Unspecified osteoarthritis, unspecified site'],
    medication: ['313782', 'Acetaminophen 325 MG Oral Tablet'],
  },
  {
    snomed: ['84114007', 'Heart failure'],
    icd10: ['I50.9', 'Heart failure, unspecified'],
    medication: ['866412', '24 HR Metoprolol succinate 100 MG Extended Release Oral Tablet'],
  },
  {
    snomed: ['49436004', 'Atrial fibrillation'],
    icd10: ['I48.91', 'Unspecified atrial fibrillation'],
    medication: ['855332', 'Warfarin Sodium 5 MG Oral Tablet'],
  },
  {
    snomed: ['40930008', 'Hypothyroidism'],
    icd10: ['E03.9', 'Hypothyroidism, unspecified'],
    medication: ['966222', 'Levothyroxine Sodium 0.075 MG Oral Tablet'],
  },
  {
    snomed: ['709044004', 'Chronic kidney disease'],
    icd10: ['N18.9', 'Chronic kidney disease, unspecified'],
    medication: ['310798', 'Hydrochlorothiazide 25 MG Oral Tablet'],
  },
];

/** A numeric LOINC observation: UCUM unit, low and high of the values drawn, digits after the point. */
export interface Measure {
  readonly code: Code;
  readonly unit: string;
  readonly range: readonly [low: number, high: number];
  readonly digits: number;
}

export const vitalSigns: readonly Measure[] = [
  { code: ['29463-7', 'Body weight'], unit: 'kg', range: [48, 120], digits: 1 },
  { code: ['8867-4', 'Heart rate'], unit: '/min', range: [52, 104], digits: 0 },
  { code: ['8310-5', 'Body temperature'], unit: 'Cel', range: [36, 38.4], digits: 1 },
];

export const bloodPressure = {
  panel: ['85354-9', 'Blood pressure panel with all children optional'],
  systolic: ['8480-6', 'Systolic blood pressure'],
  diastolic: ['8462-4', 'Diastolic blood pressure'],
} as const satisfies Record<string, Code>;

export interface Panel {
  readonly code: Code;
  readonly measures: readonly Measure[];
}

export const panels: readonly [Panel, ...Panel[]] = [
  {
    code: ['24331-1', 'Lipid 1996 panel - Serum or Plasma'],
    measures: [
      {
        code: ['2093-3', 'Cholesterol [Mass/volume] in Serum or Plasma'],
        ...{ unit: 'mg/dL', range: [120, 290], digits: 0 },
      },
      {
        code: ['2571-8', 'Triglyceride [Mass/volume] in Serum or Plasma'],
        ...{ unit: 'mg/dL', range: [60, 320], digits: 0 },
      },
      {
        code: ['2085-9', 'Cholesterol in HDL [Mass/volume] in Serum or Plasma'],
        ...{ unit: 'mg/dL', range: [30, 85], digits: 0 },
      },
      {
        code: ['13457-7', 'Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation'],
        ...{ unit: 'mg/dL', range: [55, 190], digits: 0 },
      },
    ],
  },
  {
    code: ['58410-2', 'CBC panel - Blood by Automated count'],
    measures: [
      {
        code: ['718-7', 'Hemoglobin [Mass/volume] in Blood'],
        ...{ unit: 'g/dL', range: [10.5, 17.5], digits: 1 },
      },
      {
        code: ['6690-2', 'Leukocytes [#/volume] in Blood by Automated count'],
        ...{ unit: '10*3/uL', range: [3.5, 12], digits: 1 },
      },
      {
        code: ['777-3', 'Platelets [#/volume] in Blood by Automated count'],
        ...{ unit: '10*3/uL', range: [130, 420], digits: 0 },
      },
    ],
  },
  {
    code: ['24321-2', 'Basic metabolic 2000 panel - Serum or Plasma'],
    measures: [
      {
        code: ['2345-7', 'Glucose [Mass/volume] in Serum or Plasma'],
        ...{ unit: 'mg/dL', range: [65, 240], digits: 0 },
      },
      {
        code: ['2160-0', 'Creatinine [Mass/volume] in Serum or Plasma'],
        ...{ unit: 'mg/dL', range: [0.5, 2.4], digits: 2 },
      },
      {
        code: ['2951-2', 'Sodium [Moles/volume] in Serum or Plasma'],
        ...{ unit: 'mmol/L', range: [131, 148], digits: 0 },
      },
      {
        code: ['4548-4', 'Hemoglobin A1c/Hemoglobin.total in Blood'],
        ...{ unit: '%', range: [4.6, 10.5], digits: 1 },
      },
    ],
  },
];

export const smoking = {
  code: ['72166-2', 'Tobacco smoking status'] satisfies Code,
  answers: [
    ['266919005', 'Never smoked tobacco'],
    ['8517006', 'Ex-smoker'],
    ['449868002', 'Smokes tobacco daily'],
  ] satisfies [Code, ...Code[]],
};

export const occupation = {
  code: ['11341-5', 'History of Occupation'] satisfies Code,
  answers: [
    'Teacher',
    'Nurse; night shifts',
    'Café owner',
    'Farmer "since 1990"',
    '运输司机',
  ] satisfies [string, ...string[]],
};

export const allergies: readonly [Code, ...Code[]] = [
  ['91936005', 'Allergy to penicillin'],
  ['91935009', 'Allergy to peanut'],
  ['300916003', 'Latex allergy'],
  ['424213003', 'Allergy to bee venom'],
  ['419474003', 'Allergy to mould'],
];

export const reactions: readonly [Code, ...Code[]] = [
  ['247472004', 'Wheal'],
  ['271807003', 'Eruption of skin'],
  ['39579001', 'Anaphylaxis'],
];

export const procedures: readonly [Code, ...Code[]] = [
  ['430193006', 'Medication reconciliation'],
  ['73761001', 'Colonoscopy'],
  ['29303009', 'Electrocardiographic procedure'],
  ['399208008', 'Plain X-ray of chest'],
  ['127783003', 'Spirometry'],
  ['80146002', 'Excision of appendix'],
];

export const vaccines: readonly [Code, ...Code[]] = [
  ['140', 'Influenza, seasonal, injectable, preservative free'],
  ['115', 'Tdap'],
  ['133', 'Pneumococcal conjugate PCV 13'],
  ['43', 'Hep B, adult'],
  ['187', 'zoster recombinant'],
  ['208', 'COVID-19, mRNA, LNP-S, PF, 30 mcg/0.3 mL dose'],
];

export const encounterKinds: readonly [
  { readonly class: Code; readonly type: Code; readonly hours: number },
  ...{ readonly class: Code; readonly type: Code; readonly hours: number }[],
] = [
  { class: ['AMB', 'ambulatory'], type: ['185349003', 'Encounter for check up'], hours: 1 },
  { class: ['AMB', 'ambulatory'], type: ['185345009', 'Encounter for symptom'], hours: 1 },
  { class: ['EMER', 'emergency'], type: ['50849002', 'Emergency room admission'], hours: 6 },
  { class: ['IMP', 'inpatient encounter'], type: ['32485007', 'Hospital admission'], hours: 72 },
];

export const careActivities: readonly [Code, ...Code[]] = [
  ['229065009', 'Exercise therapy'],
  ['160670007', 'Diabetic diet'],
  ['710081004', 'Smoking cessation therapy'],
];
