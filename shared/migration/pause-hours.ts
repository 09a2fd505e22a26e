export interface PauseHours {
  /** HH:MM in UTC. */
  readonly from: string;
  readonly to: string;
}

/** Seconds until the pause that `now` lies in is over; 0 outside of it. Hours may run over midnight. */
export function pauseLeft(hours: PauseHours | null, now: string): number {
  if (hours === null) return 0;
  const time = secondOfDay(now.slice(11, 19));
  const from = secondOfDay(hours.from);
  const to = secondOfDay(hours.to);
  const inside = from <= to ? time >= from && time < to : time >= from || time < to;
  if (!inside) return 0;
  return (to - time + 86_400) % 86_400;
}

function secondOfDay(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.split(':').map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}
