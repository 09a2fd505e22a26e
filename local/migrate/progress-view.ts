import process from 'node:process';
import { SingleBar } from 'cli-progress';
import type { ShownMigration } from './migration-api.ts';

export interface ProgressView {
  show(shown: ShownMigration): void;
  end(): void;
}

/** A bar on a terminal; elsewhere a line whenever something is new, at most every five seconds. */
export function createProgressView(): ProgressView {
  return process.stdout.isTTY === true ? barView() : lineView();
}

function barView(): ProgressView {
  const bar = new SingleBar({
    format: '  [{bar}] {value}/{total} versions, {text}',
    clearOnComplete: false,
    hideCursor: true,
  });
  bar.start(1, 0, { text: '' });
  return {
    show: (shown) => {
      bar.setTotal(Math.max(1, shown.progress.expected));
      bar.update(shown.progress.done, { text: textOf(shown) });
    },
    end: () => bar.stop(),
  };
}

function lineView(): ProgressView {
  let said = '';
  let at = Number.NEGATIVE_INFINITY;
  return {
    show: (shown) => {
      const line = `  ${shown.progress.done} of ${shown.progress.expected} versions, ${textOf(shown)}\n`;
      if (line === said || performance.now() - at < 5000) return;
      said = line;
      at = performance.now();
      process.stdout.write(line);
    },
    end: () => undefined,
  };
}

function textOf({ state, reason, progress, deleted }: ShownMigration): string {
  const { closed, open } = progress.windows;
  const left = progress.secondsLeft === null ? '' : `, ${progress.secondsLeft} s left`;
  const gone = deleted === 0 ? '' : `, ${deleted} deleted`;
  const megabytes = Math.round(progress.bytes / 1e6);
  return `${state}${reason === null ? '' : ` (${reason})`}: ${closed} windows closed, ${open} open, ${progress.perSecond}/s, ${megabytes} MB${gone}${left}`;
}
