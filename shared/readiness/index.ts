export { readAnonymization } from './anonymization.ts';
export { compareServices } from './compare-services.ts';
export type {
  AnonymizationFacts,
  ItemStatus,
  PlanFacts,
  ReadinessFacts,
  ReadinessItem,
  ReadinessReport,
  ServiceFacts,
  TypeCount,
} from './contract.ts';
export {
  type CutOverChecklist,
  type CutOverFacts,
  cutOverChecklist,
  cutOverPage,
} from './cut-over.ts';
export {
  describeService,
  exportDialectOf,
  type ServiceDescription,
  safeCanonical,
} from './description.ts';
export { type Page, toHtml, toMarkdown } from './page.ts';
export { buildReadiness, versionsOf } from './report.ts';
export { readinessPage } from './report-page.ts';
