/** Time as the engine sees it; milliseconds since 1970 UTC. */
export interface Clock {
  now(): number;
  /** Calls back once, at or after `at`; returns a function that cancels it. */
  schedule(at: number, callback: () => void): () => void;
}

const longestDelay = 2 ** 31 - 1;

/** Wall-clock time. Waits longer than setTimeout can hold are made of several. */
export const realClock: Clock = {
  now: () => Date.now(),
  schedule(at, callback) {
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const delay = Math.max(0, at - Date.now());
      timer =
        delay > longestDelay
          ? setTimeout(arm, longestDelay)
          : setTimeout(callback, Math.ceil(delay));
    };
    arm();
    return () => clearTimeout(timer);
  },
};
