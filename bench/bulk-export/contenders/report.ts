import process from 'node:process';

/** Runs one client with what the bench gave, and tells what it took. */
export async function report(
  work: (url: string, folder: string) => Promise<number>,
): Promise<void> {
  const [url = '', folder = ''] = process.argv.slice(2);
  const began = performance.now();
  const lines = await work(url, folder);
  const milliseconds = performance.now() - began;
  // Kilobytes on every platform, says libuv.
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  process.send?.({ milliseconds, lines, peakBytes });
}
