const pattern = /^(-)?(?:(\d+)\.)?(\d+):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?$/;

/**
 * Milliseconds of a .NET TimeSpan such as `00:05:00` or `1.12:00:00`;
 * undefined when the text is none. As in .NET, `24:00:00` means 24 days,
 * because hours end at 23 (documented for timer schedules).
 */
export function parseTimeSpan(text: string): number | undefined {
  const match = pattern.exec(text.trim());
  if (match === null) return undefined;
  const [, minus, days, first = '0', second = '0', third, fraction = ''] = match;
  const shifted = days === undefined && Number(first) > 23;
  const [wholeDays, hours, minutes, seconds] = shifted
    ? [first, second, third ?? '0', '0']
    : [days ?? '0', first, second, third ?? '0'];
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const total =
    ((Number(wholeDays) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  const milliseconds = total * 1_000 + Number(`0.${fraction || '0'}`) * 1_000;
  return minus === undefined ? milliseconds : -milliseconds;
}
