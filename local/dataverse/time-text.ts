/** Keeps the text of the present second: thousands of calls and rows share it. */
function oncePerSecond(textOf: (now: number) => string): (now: number) => string {
  let second = Number.NaN;
  let text = '';
  return (now) => {
    const current = Math.floor(now / 1000);
    if (current !== second) {
      second = current;
      text = textOf(now);
    }
    return text;
  };
}

/** As rows hold times: UTC to the second. */
export const secondText = oncePerSecond((now) => `${new Date(now).toISOString().slice(0, 19)}Z`);

/** As HTTP headers hold times. */
export const httpDate = oncePerSecond((now) => new Date(now).toUTCString());
