import { createApplyDeletes } from './apply-deletes.ts';
import { createAssess } from './assess.ts';
import { createBeginProof } from './begin-proof.ts';
import { answeringLater, blocking } from './blocked.ts';
import { createCarrySearchParameters } from './carry-search-parameters.ts';
import { createCheckReferences } from './check-references.ts';
import { createCloseWindow } from './close-window.ts';
import { createCompareSides } from './compare-sides.ts';
import { createConcludeProof } from './conclude-proof.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { createDigestChunk } from './digest-chunk.ts';
import { createFindHardDeletes } from './find-hard-deletes.ts';
import { createGatherReferences } from './gather-references.ts';
import { createIndexSearchParameters } from './index-search-parameters.ts';
import { createLoadBundles } from './load-bundles.ts';
import { createNextMove } from './next-move.ts';
import { createPlanImport } from './plan-import.ts';
import { createPollExtract } from './poll-extract.ts';
import { createPollImport } from './poll-import.ts';
import { createPullPages } from './pull-pages.ts';
import { createPurgeStaging } from './purge-staging.ts';
import { createReadAhead } from './read-ahead.ts';
import { createRecordBlock, createRecordPrepared } from './record-state.ts';
import { createSealStaging } from './seal-staging.ts';
import { createSettleImport } from './settle-import.ts';
import { createStageChunk } from './stage-chunk.ts';
import { createStartExtract } from './start-extract.ts';
import { createStartImport } from './start-import.ts';

export { assessPlan, readinessFiles, readinessTexts } from './assess.ts';
export type { Blocked, Later } from './blocked.ts';
export type { MigrationDependencies, MigrationEnd } from './dependencies.ts';
export { jobRow } from './export-jobs.ts';
export type { IndexedSearchParameters } from './index-search-parameters.ts';
export { certificateFile } from './issue-certificate.ts';
export type { PolledExtract } from './poll-extract.ts';
export type { PolledImport } from './poll-import.ts';
export { proofContainer } from './proof-files.ts';
export type { ReadAhead, ReadAheadInput } from './read-ahead.ts';
export { isReplayable } from './replay-quarantine.ts';
export { loadRun, runsPartition } from './run.ts';
export type { SettledImport } from './settle-import.ts';

/**
 * The steps of a migration, by the names that orchestrations call. Each is safe to run twice;
 * lasting refusals are answers (`blocked`), so that the retry policy owns what passes by itself.
 */
export function createMigrationActivities(deps: MigrationDependencies) {
  return {
    nextMove: blocking(createNextMove(deps)),
    assess: blocking(createAssess(deps)),
    carrySearchParameters: blocking(createCarrySearchParameters(deps)),
    indexSearchParameters: blocking(createIndexSearchParameters(deps)),
    recordPrepared: createRecordPrepared(deps),
    purgeStaging: blocking(createPurgeStaging(deps)),
    recordBlock: createRecordBlock(deps),
    startExtract: blocking(createStartExtract(deps)),
    pollExtract: blocking(createPollExtract(deps)),
    pullPages: blocking(createPullPages(deps)),
    readAhead: createReadAhead(deps),
    stageChunk: answeringLater(createStageChunk(deps)),
    sealStaging: blocking(createSealStaging(deps)),
    applyDeletes: blocking(createApplyDeletes(deps)),
    planImport: blocking(createPlanImport(deps)),
    startImport: blocking(createStartImport(deps)),
    loadBundles: blocking(createLoadBundles(deps)),
    pollImport: blocking(createPollImport(deps)),
    settleImport: blocking(createSettleImport(deps)),
    closeWindow: blocking(createCloseWindow(deps)),
    findHardDeletes: createFindHardDeletes(deps),
    beginProof: blocking(createBeginProof(deps)),
    digestChunk: answeringLater(createDigestChunk(deps)),
    compareSides: blocking(createCompareSides(deps)),
    gatherReferences: answeringLater(createGatherReferences(deps)),
    checkReferences: answeringLater(createCheckReferences(deps)),
    concludeProof: blocking(createConcludeProof(deps)),
  };
}

export type MigrationActivities = ReturnType<typeof createMigrationActivities>;
