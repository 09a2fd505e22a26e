import process from 'node:process';
import { SingleBar } from 'cli-progress';
import type { FeedProgress } from './feed-system.ts';
import type { AppStatus } from './state-of-rest.ts';
import type { RunningSystem } from './system.ts';

/** What the person at the terminal sees; without a terminal, plain lines. */
export interface Terminal {
  say(text: string): void;
  feeding(progress: FeedProgress): void;
  fed(): void;
  live(status: AppStatus): void;
  /** Leaves the live line as it is and goes on below it. */
  rest(): void;
}

const interactive = process.stdout.isTTY === true;

/** @param total resources to come, if known */
export function createTerminal(total: number | undefined): Terminal {
  const bar = new SingleBar({
    format:
      total === undefined
        ? '  feeding {value} resources'
        : '  feeding [{bar}] {value}/{total} resources',
    clearOnComplete: false,
    hideCursor: true,
  });
  let started = false;
  const lines = sparingly();
  return {
    say: (text) => void process.stdout.write(`${text}\n`),
    feeding: ({ sent }) => {
      if (!interactive) return;
      if (!started) bar.start(total ?? sent, 0);
      started = true;
      bar.update(sent);
    },
    fed: () => {
      if (started) bar.stop();
    },
    live: (status) => {
      if (interactive) process.stdout.write(`\r\u001b[2K  ${liveLine(status)}`);
      else lines(liveLine(status));
    },
    rest: () => {
      if (interactive) process.stdout.write('\n');
    },
  };
}

/** Without a terminal a line is said when it is new, and at most every five seconds. */
function sparingly(): (line: string) => void {
  let said = '';
  let at = performance.now();
  return (line) => {
    if (line === said || performance.now() - at < 5000) return;
    said = line;
    at = performance.now();
    process.stdout.write(`  ${line}\n`);
  };
}

function liveLine({ received, echoes, pending, outcomes, deadLetters }: AppStatus): string {
  const counts = Object.entries(outcomes)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
  const state = pending > 0 ? `${pending} pending` : 'at rest';
  return `${received} changes: ${counts || 'none yet'}; ${echoes} echoes dropped; ${deadLetters} dead letters; ${state}`;
}

/** Three things to try, ready to paste: quoted so that bash, PowerShell 7 and cmd read them alike. */
export function thingsToTry({ fhirUrl, dataverseUrl, functionsUrl }: RunningSystem): string {
  const patient =
    '{"resourceType":"Patient","id":"try-me","name":[{"family":"Rivera","given":["Ana"]}]}';
  return [
    '',
    'Three things to try:',
    '  1. put a patient into FHIR',
    `     curl -X PUT ${fhirUrl}/Patient/try-me -H "content-type: application/fhir+json" -d "${patient.replaceAll('"', '\\"')}"`,
    '  2. see its row in Dataverse',
    `     curl "${dataverseUrl}/contacts?%24select=firstname,lastname,msemr_azurefhirversion&%24filter=msemr_azurefhirid%20eq%20%27try-me%27"`,
    '  3. read its story',
    `     curl ${functionsUrl}/api/operations/changes/Patient/try-me`,
    '',
  ].join('\n');
}
